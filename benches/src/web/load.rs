//! The load: wrk, round by round over all servers, so that a busy moment of the machine meets each of them.

use std::fs;
use std::process::Command;

use super::Server;
use crate::median;

/// How much load.
#[derive(Clone, Copy)]
pub struct Load {
    /// Connections that stay open.
    pub connections: u64,
    /// Seconds for each server in each round.
    pub seconds: u64,
    /// Rounds.
    pub rounds: u64,
}

/// What one server did in one round.
struct Round {
    rate: f64,
    p50_us: f64,
    p99_us: f64,
    /// Processor time of the server for each request, in microseconds.
    cpu_us: f64,
}

/// Measures all servers and prints medians, and ratios to the one with this name. The sessions of Tenure are judged.
pub fn compare(servers: &[Server], reference: &str, target: f64, load: Load) {
    let mut results: Vec<Vec<Round>> = servers.iter().map(|_| Vec::new()).collect();
    for round in 0..=load.rounds {
        for (server, results) in servers.iter().zip(&mut results) {
            // The first round only warms up.
            let seconds = if round == 0 { 1 } else { load.seconds };
            let measured = server.measure(load.connections, seconds);
            if round > 0 {
                results.push(measured);
            }
        }
    }
    let Load { connections, seconds, rounds } = load;
    println!("{connections} connections, {seconds} s each, {rounds} rounds in turn, medians");
    println!(
        "{:<18} {:>10} {:>7} {:>9} {:>9} {:>9}",
        "", "requests/s", "ratio", "p50 us", "p99 us", "CPU us"
    );
    let of = |rounds: &[Round], what: fn(&Round) -> f64| median(rounds.iter().map(what).collect());
    let index = servers.iter().position(|server| server.name == reference).unwrap();
    let (rate, p99) = (of(&results[index], |round| round.rate), of(&results[index], |round| round.p99_us));
    for (server, rounds) in servers.iter().zip(&results) {
        let own = of(rounds, |round| round.rate);
        println!(
            "{:<18} {own:>10.0} {:>7.2} {:>9.0} {:>9.0} {:>9.1}",
            server.name,
            own / rate,
            of(rounds, |round| round.p50_us),
            of(rounds, |round| round.p99_us),
            of(rounds, |round| round.cpu_us),
        );
        if server.name == "tenure" {
            println!(
                "{:<18} {:.2} x {reference}, target {target}; p99 {:.2} x",
                "",
                own / rate,
                of(rounds, |round| round.p99_us) / p99
            );
        }
    }
}

impl Server {
    fn measure(&self, connections: u64, seconds: u64) -> Round {
        let before = self.processor_time_us();
        let mut command = Command::new("wrk");
        command.args(["-t2", "--latency", &format!("-c{connections}"), &format!("-d{seconds}s")]);
        for header in &self.headers {
            command.args(["-H", header]);
        }
        let output = command.arg(format!("http://{}{}", self.address, self.path)).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && !text.contains("Non-2xx") && !text.contains("Socket errors"),
            "{}: {text}{}",
            self.name,
            String::from_utf8_lossy(&output.stderr)
        );
        let after = |label: &str| {
            let rest = text.split(label).nth(1).unwrap_or_else(|| panic!("no {label} in:\n{text}"));
            rest.split_whitespace().next().unwrap()
        };
        let rate = after("Requests/sec:").parse().unwrap();
        let requests: f64 =
            text.split(" requests in").next().unwrap().split_whitespace().last().unwrap().parse().unwrap();
        let cpu_us = (self.processor_time_us() - before) / requests;
        Round { rate, p50_us: micros(after(" 50% ")), p99_us: micros(after(" 99% ")), cpu_us }
    }

    /// The processor time that the server and its children have taken so far, in microseconds.
    fn processor_time_us(&self) -> f64 {
        let Some(id) = self.process else { return 0.0 };
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        let ids = children.split_whitespace().map(ToOwned::to_owned).chain([id.to_string()]);
        let ticks: f64 = ids.map(|id| ticks(&id)).sum();
        // The kernel counts for user programs in hundredths of a second.
        ticks * 10_000.0
    }
}

/// User and system time, of the fields 14 and 15 of `/proc/ID/stat`; the name before them ends with a parenthesis.
fn ticks(id: &str) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    rest.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum()
}

/// A time as wrk writes it.
fn micros(text: &str) -> f64 {
    let unit = text.trim_start_matches(|character: char| character.is_ascii_digit() || character == '.');
    let number: f64 = text[..text.len() - unit.len()].parse().unwrap();
    number
        * match unit {
            "us" => 1.0,
            "ms" => 1e3,
            "s" => 1e6,
            _ => panic!("an unknown unit: {text}"),
        }
}
