//! The `tenure` command.
//!
//! One file for each command, in [`commands`]. Exit status: 0 all is well, 1 something is wrong with what was
//! asked for, 2 the command itself was wrong.

mod admin_client;
mod commands;
mod doctor;
mod failure;
mod logging;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use commands::{
    check, demo, doctor as doctor_command, egress, explain, keys, serve, sessions, support_bundle, user,
};

/// Tenure keeps the sessions of any web application: they end only when they should, whoever they belonged to is
/// told exactly why, and nothing they were doing is lost.
#[derive(Debug, Parser)]
#[command(name = "tenure", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Try it: a gateway and a sample application on loopback, with short limits and a demo account.
    Demo(demo::Arguments),
    /// Run the gateway.
    Serve(serve::Arguments),
    /// Check a configuration, and print what is in effect and where each value comes from.
    Check(check::Arguments),
    /// Find the usual mistakes of a deployment by really trying, and say what to do.
    Doctor(doctor_command::Arguments),
    /// Add, list, disable and remove local accounts; also while the gateway runs.
    #[command(subcommand)]
    User(user::Command),
    /// List, show and end sessions of a running gateway.
    #[command(subcommand)]
    Sessions(sessions::Command),
    /// Tell the history of one session, and why it is in the state it is in.
    Explain(explain::Arguments),
    /// Rotate and list the keys of a gateway.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Gather in one file, without secrets, what somebody who helps needs to know.
    SupportBundle(support_bundle::Arguments),
    /// Run the egress: one fixed address for each account, whatever the network does.
    Egress(egress::Arguments),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Doctor(arguments) => doctor_command::run(&arguments),
        Command::User(command) => user::run(&command),
        Command::Sessions(command) => sessions::run(&command),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Keys(command) => keys::run(&command),
        Command::SupportBundle(arguments) => support_bundle::run(&arguments),
        Command::Egress(arguments) => egress::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("tenure: {failure}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent_and_every_command_shows_an_example() {
        let mut cli = Cli::command();
        cli.build();
        cli.clone().debug_assert();
        let mut open = vec![cli];
        while let Some(mut command) = open.pop() {
            let subcommands: Vec<_> =
                command.get_subcommands().filter(|command| command.get_name() != "help").cloned().collect();
            if subcommands.is_empty() {
                let help = command.render_long_help().to_string();
                assert!(help.contains("Example"), "{}", command.get_name());
            }
            open.extend(subcommands);
        }
    }
}
