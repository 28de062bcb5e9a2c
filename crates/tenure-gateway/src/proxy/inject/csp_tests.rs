use super::*;

const OWN: &str = "https://shop.example/.tenure/";

/// The policies after the change, and the nonce of the tag.
fn adapted(policies: &[&str]) -> Option<(Vec<String>, Option<String>)> {
    let mut headers = HeaderMap::new();
    for policy in policies {
        headers.append(CONTENT_SECURITY_POLICY, HeaderValue::from_str(policy).unwrap());
    }
    let nonce = adapt(&mut headers, &OwnSource::new(Scheme::Https, "shop.example", "/.tenure"))?;
    let policies =
        headers.get_all(CONTENT_SECURITY_POLICY).iter().map(|line| line.to_str().unwrap().to_owned());
    Some((policies.collect(), nonce))
}

fn unchanged(policy: &str, nonce: Option<&str>) {
    assert_eq!(adapted(&[policy]), Some((vec![policy.to_owned()], nonce.map(str::to_owned))), "{policy}");
}

fn becomes(policy: &str, expected: &str) {
    assert_eq!(adapted(&[policy]), Some((vec![expected.replace("OWN", OWN)], None)), "{policy}");
}

#[test]
fn policies_that_allow_the_script_stay_as_they_are() {
    unchanged("img-src 'none'", None);
    unchanged("default-src 'self'", None);
    unchanged("Script-Src 'Self' cdn.example ;; object-src 'none'", None);
    unchanged("script-src * 'unsafe-inline'; connect-src https:", None);
    unchanged("script-src 'nonce-r4nd0m=='", Some("r4nd0m=="));
    unchanged("script-src 'nonce-abc' 'strict-dynamic' 'unsafe-inline'", Some("abc"));
    unchanged("default-src 'self' 'nonce-abc'", Some("abc"));
}

#[test]
fn an_address_is_added_where_only_other_sources_are_allowed() {
    becomes("script-src cdn.example", "script-src cdn.example OWN");
    becomes("script-src 'none'", "script-src OWN");
    becomes("script-src 'unsafe-inline'", "script-src 'unsafe-inline' OWN");
    becomes(
        "script-src-elem cdn.example; script-src 'self'",
        "script-src-elem cdn.example OWN; script-src 'self'",
    );
    becomes("script-src 'sha256-abc'", "script-src 'sha256-abc' OWN");
}

#[test]
fn default_src_is_not_widened_but_written_out() {
    becomes(
        "default-src 'none'; img-src 'self'",
        "default-src 'none'; img-src 'self'; script-src OWN; connect-src OWN; frame-src OWN",
    );
    becomes(
        "default-src cdn.example; script-src 'self'; connect-src 'self'",
        "default-src cdn.example; script-src 'self'; connect-src 'self'; frame-src cdn.example OWN",
    );
}

#[test]
fn our_interfaces_are_added_to_connections_and_frames() {
    becomes(
        "script-src 'self'; connect-src api.example; child-src 'none'",
        "script-src 'self'; connect-src api.example OWN; child-src OWN",
    );
}

#[test]
fn strict_dynamic_without_a_nonce_gets_one() {
    let (policies, nonce) = adapted(&["script-src 'strict-dynamic' 'sha256-abc'"]).unwrap();
    let nonce = nonce.unwrap();
    assert_eq!(policies, [format!("script-src 'strict-dynamic' 'sha256-abc' 'nonce-{nonce}'")]);
    assert_eq!(STANDARD.decode(&nonce).unwrap().len(), 16);
    let (_, again) = adapted(&["script-src 'strict-dynamic' 'sha256-abc'"]).unwrap();
    assert_ne!(again.unwrap(), nonce);
}

#[test]
fn every_one_of_several_policies_is_satisfied() {
    let (policies, nonce) =
        adapted(&["script-src 'nonce-abc', default-src cdn.example 'nonce-other'", "script-src 'self'"])
            .unwrap();
    assert_eq!(nonce.as_deref(), Some("abc"));
    assert_eq!(policies[0], "script-src 'nonce-abc'");
    assert_eq!(
        policies[1],
        format!(
            "default-src cdn.example 'nonce-other'; script-src cdn.example 'nonce-other' {OWN}; \
             connect-src cdn.example 'nonce-other' {OWN}; frame-src cdn.example 'nonce-other' {OWN}"
        )
    );
    assert_eq!(policies[2], "script-src 'self'");
}

#[test]
fn nonces_that_would_break_out_of_the_tag_are_not_used() {
    let (policies, nonce) = adapted(&["script-src 'nonce-a\"><x'"]).unwrap();
    assert_eq!(nonce, None);
    assert_eq!(policies, [format!("script-src 'nonce-a\"><x' {OWN}")]);
}

#[test]
fn sandboxes_without_scripts_or_origin_are_left_alone() {
    assert_eq!(adapted(&["sandbox"]), None);
    assert_eq!(adapted(&["default-src 'self'", "sandbox allow-scripts"]), None);
    assert_eq!(adapted(&["sandbox allow-same-origin allow-forms"]), None);
    assert!(adapted(&["sandbox allow-scripts allow-same-origin"]).is_some());
}

#[test]
fn a_confirmed_page_keeps_the_policy_with_our_nonce() {
    let own = OwnSource::new(Scheme::Https, "shop.example", "/.tenure");
    let mut headers = HeaderMap::new();
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("script-src 'strict-dynamic' 'sha256-abc'"),
    );
    adapt_confirmed(&mut headers, &own);
    assert!(headers.is_empty());
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("script-src 'none'"));
    adapt_confirmed(&mut headers, &own);
    assert_eq!(headers[CONTENT_SECURITY_POLICY], format!("script-src {OWN}"));
}

#[test]
fn whatever_a_policy_says_adapting_it_twice_changes_it_once() {
    const WORDS: [&str; 20] = [
        "default-src",
        "script-src",
        "script-src-elem",
        "connect-src",
        "frame-src",
        "child-src",
        "'self'",
        "'none'",
        "*",
        "https:",
        "'unsafe-inline'",
        "'strict-dynamic'",
        "'nonce-abc'",
        "'nonce-\"'",
        "'nonce-'",
        "cdn.example",
        ";",
        ";",
        ",",
        "sandbox",
    ];
    for seed in 1..=20_000_u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut below = |bound: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % bound as u64).unwrap()
        };
        let count = below(14);
        let policy = (0..count).map(|_| WORDS[below(WORDS.len())]).collect::<Vec<_>>().join(" ");
        let Some((once, nonce)) = adapted(&[&policy]) else { continue };
        let lines: Vec<&str> = once.iter().map(String::as_str).collect();
        assert_eq!(adapted(&lines), Some((once.clone(), nonce)), "seed {seed}: {policy}");
    }
}
