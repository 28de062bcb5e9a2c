//! `tenure egress accounts`

use clap::{Args, Subcommand};
use serde_json::json;
use tenure_egress::Secret;
use tenure_egress::accounts::AccountFile;
use tenure_egress::pool::Tags;

use super::super::{ConfigFile, print_json};
use super::load;
use crate::failure::Failure;

/// Accounts of the egress: identities with an address each. Changes take effect in a running egress within a second.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Add an account, and print its secret, which is not kept anywhere.
    #[command(after_help = "Example:\n  tenure egress accounts add ada-work --person ada --country de")]
    Add(Add),
    /// List all accounts.
    #[command(after_help = "Example:\n  tenure egress accounts list --json")]
    List(List),
    /// Give an account another secret. What it has open is cut.
    #[command(after_help = "Example:\n  tenure egress accounts renew ada-work")]
    Renew(Named),
    /// Keep an account from connecting. It keeps its address.
    #[command(after_help = "Example:\n  tenure egress accounts disable ada-work")]
    Disable(Named),
    /// Let a disabled account connect again.
    #[command(after_help = "Example:\n  tenure egress accounts enable ada-work")]
    Enable(Named),
    /// Remove an account. Its address stays its own until it is released.
    #[command(
        after_help = "Example:\n  tenure egress accounts remove ada-work\n  tenure egress release ada-work"
    )]
    Remove(Named),
}

/// An account.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// The name of the account.
    name: String,
    #[command(flatten)]
    file: ConfigFile,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A new account.
#[derive(Debug, Args)]
pub(crate) struct Add {
    #[command(flatten)]
    account: Named,
    /// Whose it is, for lists: one person may have several.
    #[arg(long)]
    person: Option<String>,
    /// The country that its address is to be in.
    #[arg(long)]
    country: Option<String>,
    /// The network that its address is to be of.
    #[arg(long)]
    network: Option<String>,
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

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Add(Add { account, person, country, network }) => {
            let tags = Tags { country: country.clone(), network: network.clone() };
            let path = load(&account.file)?.accounts;
            let secret = AccountFile::change(&path, |all| all.add(&account.name, person.clone(), tags))?;
            show_secret(account, &secret)
        }
        Command::Renew(account) => {
            let path = load(&account.file)?.accounts;
            let secret = AccountFile::change(&path, |all| all.renew(&account.name))?;
            show_secret(account, &secret)
        }
        Command::List(arguments) => list(arguments),
        Command::Disable(named) => {
            change(named, "can't connect any more", |all, name| all.set_disabled(name, true))
        }
        Command::Enable(named) => {
            change(named, "can connect again", |all, name| all.set_disabled(name, false))
        }
        Command::Remove(named) => change(named, "is removed", AccountFile::remove),
    }
}

fn show_secret(named: &Named, secret: &Secret) -> Result<(), Failure> {
    let text = std::str::from_utf8(secret.expose())?;
    if named.json {
        return print_json(&json!({ "name": named.name, "secret": text }));
    }
    println!("The secret of {}, which is shown this once:\n{text}", named.name);
    Ok(())
}

fn change(
    named: &Named,
    words: &str,
    change: impl FnOnce(&mut AccountFile, &str) -> Result<(), tenure_egress::accounts::AccountError>,
) -> Result<(), Failure> {
    let path = load(&named.file)?.accounts;
    AccountFile::change(&path, |accounts| change(accounts, &named.name))?;
    if named.json {
        return print_json(&json!({ "name": named.name }));
    }
    println!("{} {words}.", named.name);
    Ok(())
}

fn list(arguments: &List) -> Result<(), Failure> {
    let accounts = AccountFile::read(&load(&arguments.file)?.accounts)?;
    if arguments.json {
        let accounts: Vec<_> = accounts
            .iter()
            .map(|account| {
                json!({
                    "name": account.name, "person": account.person, "disabled": account.disabled,
                    "country": account.tags.country, "network": account.tags.network,
                })
            })
            .collect();
        return print_json(&json!({ "accounts": accounts }));
    }
    for account in accounts {
        let person = account.person.map(|person| format!("  {person}")).unwrap_or_default();
        println!("{}{person}{}", account.name, if account.disabled { "  (disabled)" } else { "" });
    }
    Ok(())
}
