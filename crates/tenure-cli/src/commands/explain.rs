//! `tenure explain`

use clap::Args;
use http::Method;
use serde_json::Value;

use super::sessions::text;
use super::{ConfigFile, print_json};
use crate::admin_client::{AdminClient, segment};
use crate::failure::Failure;

/// Tells what happened to a session, why it is in the state it is in, and what will happen next; or what somebody reported.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  tenure explain 7ZQK3-M0X9D\n  tenure explain ses_0123456789abcdef0123456789abcdef --json\n  tenure explain rep_0123456789"
)]
pub(crate) struct Arguments {
    /// The id of the session, the support code that its owner was shown, or the number of a problem report.
    session: String,
    #[command(flatten)]
    file: ConfigFile,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.session.starts_with("rep_") {
        return report(arguments);
    }
    let path = format!("/v1/sessions/{}/explain", segment(&arguments.session));
    let explained = AdminClient::new(&arguments.file.load()?)?.call(&Method::GET, &path)?;
    if arguments.json {
        return print_json(&explained);
    }
    let of = |name: &str| text(&explained[name]).to_owned();
    println!("{} of {} on {} is {}.", of("session"), of("subject"), of("host"), of("state"));
    if !explained["reason"].is_null() {
        println!("Reason: {}. {}. {}", of("reason"), of("title"), of("message"));
    }
    println!("\nWhat happened:");
    for entry in explained["timeline"].as_array().into_iter().flatten() {
        println!("  {}  {}{}", text(&entry["at"]), text(&entry["what"]["event"]), by(entry));
    }
    for report in explained["reports"].as_array().into_iter().flatten() {
        println!();
        print_report(report);
    }
    println!("\nWhat will happen if nobody does anything:");
    for coming in explained["coming"].as_array().into_iter().flatten() {
        let reason = coming["reason"].as_str().map(|reason| format!(" ({reason})")).unwrap_or_default();
        println!("  {}  {}{reason}", text(&coming["at"]), text(&coming["what"]));
    }
    Ok(())
}

/// A report by its number.
fn report(arguments: &Arguments) -> Result<(), Failure> {
    let path = format!("/v1/reports/{}", segment(&arguments.session));
    let report = AdminClient::new(&arguments.file.load()?)?.call(&Method::GET, &path)?;
    if arguments.json {
        return print_json(&report);
    }
    print_report(&report);
    if !report["support_code"].is_null() {
        println!("\nThe whole timeline: tenure explain {}", text(&report["support_code"]));
    }
    Ok(())
}

fn print_report(report: &Value) {
    println!(
        "Problem report {} of {}, from {}:",
        text(&report["id"]),
        text(&report["at"]),
        text(&report["network"])
    );
    for line in text(&report["text"]).lines() {
        println!("  {line}");
    }
    for line in text(&report["words"]).lines() {
        println!("  > {line}");
    }
}

/// The reason of an entry, and who did it.
fn by(entry: &Value) -> String {
    let reason = entry["what"]["reason"].as_str().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let who = match text(&entry["by"]["who"]) {
        "person" => " by the person",
        "elsewhere" => " by the person, elsewhere",
        "administrator" => " by an administrator",
        _ => "",
    };
    format!("{reason}{who}")
}
