//! `tenure sessions`

use clap::{Args, Subcommand, ValueEnum};
use http::Method;
use serde_json::Value;

use super::{ConfigFile, print_json};
use crate::admin_client::{AdminClient, segment};
use crate::failure::Failure;

/// Sessions of a running gateway.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List sessions.
    #[command(
        after_help = "Example:\n  tenure sessions list --subject ada\n  tenure sessions list --state locked --json"
    )]
    List(List),
    /// Show one session.
    #[command(after_help = "Example:\n  tenure sessions show ses_0123456789abcdef0123456789abcdef")]
    Show(One),
    /// End one session.
    #[command(after_help = "Example:\n  tenure sessions end 7ZQK3-M0X9D")]
    End(One),
    /// End all sessions of a person, or of everybody.
    #[command(
        after_help = "Example:\n  tenure sessions end-all --subject ada\n  tenure sessions end-all --everybody"
    )]
    EndAll(EndAll),
}

/// Which sessions to list.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    file: ConfigFile,
    /// Only those of this person.
    #[arg(long)]
    subject: Option<String>,
    /// Only those in this state.
    #[arg(long)]
    state: Option<State>,
    /// At most so many.
    #[arg(long, default_value_t = 1000)]
    limit: usize,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A state of sessions.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum State {
    /// Requests pass.
    Active,
    /// It can be unlocked.
    Locked,
    /// It is over.
    Ended,
}

/// One session.
#[derive(Debug, Args)]
pub(crate) struct One {
    #[command(flatten)]
    file: ConfigFile,
    /// The id of the session, or its support code.
    session: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Whose sessions to end.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Whose {
    /// Those of this person.
    #[arg(long)]
    subject: Option<String>,
    /// Those of everybody.
    #[arg(long)]
    everybody: bool,
}

/// Which sessions to end.
#[derive(Debug, Args)]
pub(crate) struct EndAll {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    whose: Whose,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::List(arguments) => list(arguments),
        Command::Show(arguments) => {
            let session = call(
                &arguments.file,
                &Method::GET,
                &format!("/v1/sessions/{}", segment(&arguments.session)),
            )?;
            if arguments.json { print_json(&session) } else { show(&session) }
        }
        Command::End(arguments) => {
            let ended = call(
                &arguments.file,
                &Method::DELETE,
                &format!("/v1/sessions/{}", segment(&arguments.session)),
            )?;
            if arguments.json {
                return print_json(&ended);
            }
            println!("{} has ended: {}, {}.", text(&ended["id"]), text(&ended["reason"]), text(&ended["at"]));
            Ok(())
        }
        Command::EndAll(arguments) => {
            let ended = match &arguments.whose.subject {
                Some(subject) => call(
                    &arguments.file,
                    &Method::DELETE,
                    &format!("/v1/subjects/{}/sessions", segment(subject)),
                )?,
                None => call(&arguments.file, &Method::POST, "/v1/sessions/end-all")?,
            };
            if arguments.json {
                return print_json(&ended);
            }
            println!("Ended {} sessions.", ended["ended"]);
            Ok(())
        }
    }
}

fn call(file: &ConfigFile, method: &Method, path: &str) -> Result<Value, Failure> {
    AdminClient::new(&file.load()?)?.call(method, path)
}

fn list(arguments: &List) -> Result<(), Failure> {
    let mut query = format!("/v1/sessions?limit={}", arguments.limit);
    if let Some(subject) = &arguments.subject {
        query.push_str(&format!("&subject={}", segment(subject)));
    }
    if let Some(state) = arguments.state {
        let name = state.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        query.push_str(&format!("&state={name}"));
    }
    let found = call(&arguments.file, &Method::GET, &query)?;
    if arguments.json {
        return print_json(&found);
    }
    println!("{:<37} {:<20} {:<7} {:<24} reason", "session", "subject", "state", "last activity");
    for session in found["sessions"].as_array().into_iter().flatten() {
        let (id, subject, state) = (text(&session["id"]), text(&session["subject"]), text(&session["state"]));
        println!(
            "{id:<37} {subject:<20} {state:<7} {:<24} {}",
            text(&session["last_activity_at"]),
            text(&session["reason"])
        );
    }
    if !found["next"].is_null() {
        println!("There are more; --limit shows them.");
    }
    Ok(())
}

fn show(session: &Value) -> Result<(), Failure> {
    for (name, value) in session.as_object().into_iter().flatten() {
        match value {
            Value::Null | Value::Array(_) | Value::Object(_) => {}
            Value::String(text) => println!("{name:<18} {text}"),
            other => println!("{name:<18} {other}"),
        }
    }
    println!("{:<18} {}", "device", text(&session["device"]["user_agent"]));
    println!("{:<18} {}", "address", text(&session["device"]["address"]));
    Ok(())
}

/// A text without its quotes; nothing for anything else.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
