//! `tenure user`

use std::io::Read as _;

use clap::{Args, Subcommand};
use serde_json::json;
use tenure_gateway::accounts::{AccountFile, PasswordHash, hash_password};

use super::{ConfigFile, print_json};
use crate::failure::Failure;

/// Local accounts. Changes take effect in a running gateway within a second; sessions of accounts that are
/// disabled, removed or given another password end.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Add an account.
    #[command(
        after_help = "Example:\n  tenure user add ada\n  printf %s \"$PASSWORD\" | tenure user add ada --password-stdin"
    )]
    Add(WithPassword),
    /// List all accounts.
    #[command(after_help = "Example:\n  tenure user list --json")]
    List(List),
    /// Keep an account from signing in, and end its sessions.
    #[command(after_help = "Example:\n  tenure user disable ada")]
    Disable(Named),
    /// Let a disabled account sign in again.
    #[command(after_help = "Example:\n  tenure user enable ada")]
    Enable(Named),
    /// Remove an account, and end its sessions.
    #[command(after_help = "Example:\n  tenure user remove ada")]
    Remove(Named),
    /// Give an account another password, and end its sessions.
    #[command(after_help = "Example:\n  tenure user passwd ada")]
    Passwd(WithPassword),
}

/// An account.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// The name of the account.
    name: String,
    #[command(flatten)]
    file: ConfigFile,
}

/// An account and its new password.
#[derive(Debug, Args)]
pub(crate) struct WithPassword {
    #[command(flatten)]
    account: Named,
    /// Read the password from standard input (one line) instead of asking for it.
    #[arg(long)]
    password_stdin: bool,
}

/// All accounts.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    file: ConfigFile,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Add(arguments) => {
            let name = &arguments.account.name;
            let path = arguments.account.file.load()?.accounts.file;
            let known = AccountFile::read(&path)?;
            if known.iter().any(|account| account.name == *name) {
                return Err(tenure_gateway::accounts::AccountFileError::Exists(name.clone()).into());
            }
            let hash = new_password(arguments)?;
            AccountFile::change(&path, |accounts| accounts.add(name, hash))?;
            println!("Added {name}.");
        }
        Command::Passwd(arguments) => {
            let name = &arguments.account.name;
            let path = arguments.account.file.load()?.accounts.file;
            let hash = new_password(arguments)?;
            AccountFile::change(&path, |accounts| accounts.set_password(name, hash))?;
            println!("{name} has another password now.");
        }
        Command::List(arguments) => return list(arguments),
        Command::Disable(named) => {
            change(named, |accounts, name| accounts.set_disabled(name, true))?;
            println!("{} cannot sign in any more.", named.name);
        }
        Command::Enable(named) => {
            change(named, |accounts, name| accounts.set_disabled(name, false))?;
            println!("{} can sign in again.", named.name);
        }
        Command::Remove(named) => {
            change(named, AccountFile::remove)?;
            println!("Removed {}.", named.name);
        }
    }
    Ok(())
}

fn change(
    named: &Named,
    change: impl FnOnce(&mut AccountFile, &str) -> Result<(), tenure_gateway::accounts::AccountFileError>,
) -> Result<(), Failure> {
    let path = named.file.load()?.accounts.file;
    Ok(AccountFile::change(&path, |accounts| change(accounts, &named.name))?)
}

fn list(arguments: &List) -> Result<(), Failure> {
    let accounts = AccountFile::read(&arguments.file.load()?.accounts.file)?;
    if arguments.json {
        let accounts: Vec<_> = accounts
            .iter()
            .map(|account| json!({ "name": account.name, "disabled": account.disabled }))
            .collect();
        return print_json(&json!({ "accounts": accounts }));
    }
    for account in accounts {
        println!("{}{}", account.name, if account.disabled { "  (disabled)" } else { "" });
    }
    Ok(())
}

fn new_password(arguments: &WithPassword) -> Result<PasswordHash, Failure> {
    let password = if arguments.password_stdin {
        let mut text = String::new();
        std::io::stdin().lock().take(4096).read_to_string(&mut text)?;
        text.lines().next().unwrap_or_default().to_owned()
    } else {
        let first = rpassword::prompt_password("Password: ")?;
        if rpassword::prompt_password("Once more: ")? != first {
            return Err(Failure::new("the two passwords differ; nothing was changed"));
        }
        first
    };
    Ok(hash_password(&password)?)
}
