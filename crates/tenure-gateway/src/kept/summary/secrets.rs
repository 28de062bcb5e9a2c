//! Which fields are not shown again, by their names and by what they hold.

/// Parts of names that give a secret away, wherever they stand in a name.
const ANYWHERE: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "csrf",
    "xsrf",
    "sectok",
    "credential",
    "cardnumber",
    "cardnum",
    "ccnumber",
    "ccnum",
    "securitycode",
    "onetime",
    "privatekey",
    "apikey",
    "nonce",
];
/// Words of names that do, where they stand alone.
const WORDS: &[&str] =
    &["pass", "pwd", "pw", "pin", "tan", "otp", "totp", "cvc", "cvv", "csc", "cvn", "pan", "mfa"];

/// Whether the value of a field should stay hidden: a password, a code, a card number, or a token that means nothing to people.
pub(super) fn is_secret(name: &str, value: &str) -> bool {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    ANYWHERE.iter().any(|part| plain.contains(part))
        || words(name).iter().any(|word| WORDS.contains(&word.as_str()))
        || is_card_number(value)
}

/// The words of a name: `user-Pass`, `user_pass`, `userPass` and `user[pass]` have two.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_was_lower = false;
    for character in name.chars() {
        if !character.is_ascii_alphabetic() || (character.is_ascii_uppercase() && before_was_lower) {
            words.push(String::new());
        }
        if character.is_ascii_alphabetic()
            && let Some(word) = words.last_mut()
        {
            word.push(character.to_ascii_lowercase());
        }
        before_was_lower = character.is_ascii_lowercase();
    }
    words
}

/// Thirteen to nineteen digits, perhaps in groups, whose check digit fits (ISO/IEC 7812-1, annex B).
fn is_card_number(value: &str) -> bool {
    let value = value.trim();
    if value.len() > 40 || !value.chars().all(|c| c.is_ascii_digit() || c == ' ' || c == '-') {
        return false;
    }
    let digits: Vec<u32> = value.chars().filter_map(|c| c.to_digit(10)).collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match (place % 2, digit * 2) {
            (0, _) => digit,
            (_, doubled) => doubled / 10 + doubled % 10,
        })
        .sum();
    (13..=19).contains(&digits.len()) && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_should_stay_hidden_is_known_by_its_name() {
        for name in [
            "password",
            "new-password",
            "userPassword",
            "user[pass]",
            "Pwd",
            "authenticity_token",
            "csrfmiddlewaretoken",
            "_xsrf",
            "sectok",
            "one-time-code",
            "card_number",
            "cc-number",
            "cvc",
            "client_secret",
            "PIN",
            "otp",
        ] {
            assert!(is_secret(name, "x"), "{name}");
        }
        for name in
            ["passenger", "shipping", "company", "span", "pinned", "title", "compass", "button", "text", ""]
        {
            assert!(!is_secret(name, "x"), "{name}");
        }
    }

    #[test]
    fn a_card_number_is_known_by_its_check_digit() {
        assert!(is_secret("number", "4111 1111 1111 1111"));
        assert!(is_secret("number", "5555-5555-5555-4444"));
        for other in
            ["4111 1111 1111 1112", "0", "2026-11-23", "call 4111111111111111", "00000000000000000000"]
        {
            assert!(!is_secret("number", other), "{other}");
        }
    }
}
