//! The assistant, who has nothing to say but what was said, the other way round.

/// The words of a reply, in order.
pub(super) fn reply(prompt: &str) -> Vec<String> {
    let mut words: Vec<String> = prompt.split_whitespace().map(str::to_owned).collect();
    words.reverse();
    let opening = "Let me put that the other way round:".split(' ');
    let closing = "That is how it looks from the quay.".split(' ');
    let mut reply: Vec<String> = opening.map(str::to_owned).collect();
    if let Some(last) = words.last_mut() {
        last.push('.');
    }
    reply.append(&mut words);
    reply.extend(closing.map(str::to_owned));
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_has_every_word_of_the_prompt_in_reverse() {
        let reply = reply("how deep is  the harbour").join(" ");
        assert!(reply.contains(": harbour the is deep how. That"), "{reply}");
    }
}
