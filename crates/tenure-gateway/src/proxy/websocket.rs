//! As much of WebSocket framing (RFC 6455 section 5) as it takes to end a connection politely: to know where a frame ends,
//! and to write a close frame.

/// Follows the frames of one direction.
#[derive(Debug, Default)]
pub(crate) struct FrameTracker {
    state: State,
    has_closed: bool,
}

#[derive(Debug)]
enum State {
    /// Collecting a header, of which so many bytes are there.
    Header { bytes: [u8; 14], have: usize },
    /// Inside a payload, of which so many bytes are missing.
    Payload { missing: u64 },
}

impl Default for State {
    fn default() -> Self {
        Self::Header { bytes: [0; 14], have: 0 }
    }
}

impl FrameTracker {
    /// Takes note of bytes that pass.
    pub(crate) fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = &bytes[self.advance(bytes)..];
        }
    }

    /// Takes note of bytes up to the end of the frame that is under way and returns how many these are: none if the next byte
    /// would begin a frame, all if the frame doesn't end here.
    pub(crate) fn pass_frame(&mut self, bytes: &[u8]) -> usize {
        let mut passed = 0;
        while passed < bytes.len() && !self.is_at_boundary() {
            passed += self.advance(&bytes[passed..]);
        }
        passed
    }

    /// Whether a frame has just ended, or none has begun.
    pub(crate) const fn is_at_boundary(&self) -> bool {
        matches!(self.state, State::Header { have: 0, .. })
    }

    /// Whether a close frame has passed, after which nothing may follow.
    pub(crate) const fn has_closed(&self) -> bool {
        self.has_closed
    }

    /// Consumes at least one byte, at most to the end of the frame.
    fn advance(&mut self, input: &[u8]) -> usize {
        match &mut self.state {
            State::Payload { missing } => {
                let taken = usize::try_from(*missing).unwrap_or(usize::MAX).min(input.len());
                *missing -= taken as u64;
                if *missing == 0 {
                    self.state = State::default();
                }
                taken
            }
            State::Header { bytes, have } => {
                let wanted = header_length(bytes, *have);
                let taken = (wanted - *have).min(input.len());
                bytes[*have..*have + taken].copy_from_slice(&input[..taken]);
                *have += taken;
                if *have == header_length(bytes, *have) {
                    self.has_closed |= bytes[0] & 0x0f == 8;
                    let missing = payload_length(bytes);
                    self.state = if missing == 0 { State::default() } else { State::Payload { missing } };
                }
                taken
            }
        }
    }
}

/// The length of the header as far as its first bytes tell.
const fn header_length(bytes: &[u8; 14], have: usize) -> usize {
    if have < 2 {
        return 2;
    }
    let length = match bytes[1] & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    2 + length + if bytes[1] & 0x80 == 0 { 0 } else { 4 }
}

fn payload_length(bytes: &[u8; 14]) -> u64 {
    let big_endian = |digits: &[u8]| digits.iter().fold(0, |sum, digit| sum << 8 | u64::from(*digit));
    match bytes[1] & 0x7f {
        126 => big_endian(&bytes[2..4]),
        127 => big_endian(&bytes[2..10]),
        short => u64::from(short),
    }
}

/// A close frame as a server sends it. The text must be at most 123 bytes long.
pub(crate) fn close_frame(code: u16, text: &str) -> Vec<u8> {
    let mut frame = header(text);
    frame.extend_from_slice(&code.to_be_bytes());
    frame.extend_from_slice(text.as_bytes());
    frame
}

/// A close frame as a client sends it, masked.
pub(crate) fn masked_close_frame(code: u16, text: &str, mask: [u8; 4]) -> Vec<u8> {
    let mut frame = header(text);
    frame[1] |= 0x80;
    frame.extend_from_slice(&mask);
    let payload = code.to_be_bytes().into_iter().chain(text.bytes());
    frame.extend(payload.zip(mask.into_iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

fn header(text: &str) -> Vec<u8> {
    debug_assert!(text.len() <= 123, "control frames are short");
    let mut frame = Vec::with_capacity(8 + text.len());
    frame.extend_from_slice(&[0x88, u8::try_from(text.len() + 2).unwrap_or(125)]);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(opcode: u8, length: usize, masked: bool) -> Vec<u8> {
        let mut bytes = vec![0x80 | opcode];
        let mask_bit = if masked { 0x80 } else { 0 };
        match length {
            0..=125 => bytes.push(mask_bit | u8::try_from(length).unwrap()),
            126..=0xffff => {
                bytes.push(mask_bit | 126);
                bytes.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                bytes.push(mask_bit | 127);
                bytes.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        bytes.extend(std::iter::repeat_n(7, length + if masked { 4 } else { 0 }));
        bytes
    }

    #[test]
    fn boundaries_are_found_at_every_split() {
        for masked in [false, true] {
            let lengths = [0, 1, 125, 126, 200, 65_535, 65_536];
            let frames: Vec<Vec<u8>> = lengths.iter().map(|length| frame(2, *length, masked)).collect();
            let stream: Vec<u8> = frames.concat();
            let mut ends = Vec::new();
            let mut end = 0;
            for frame in &frames {
                end += frame.len();
                ends.push(end);
            }
            for piece in [1, 2, 3, 7, 1000, 65_536, stream.len()] {
                let mut tracker = FrameTracker::default();
                let mut at = 0;
                for chunk in stream.chunks(piece) {
                    tracker.pass(chunk);
                    at += chunk.len();
                    assert_eq!(tracker.is_at_boundary(), ends.contains(&at), "piece {piece}, byte {at}");
                }
            }
        }
    }

    #[test]
    fn the_rest_of_a_frame_is_told_from_the_next_one() {
        let (first, second) = (frame(1, 300, false), frame(1, 5, false));
        let stream = [first.clone(), second].concat();
        for split in 0..first.len() {
            let mut tracker = FrameTracker::default();
            tracker.pass(&stream[..split]);
            let expected = if split == 0 { 0 } else { first.len() - split };
            assert_eq!(tracker.pass_frame(&stream[split..]), expected, "split {split}");
            assert!(tracker.is_at_boundary());
        }
    }

    #[test]
    fn close_frames_are_seen_and_written() {
        let mut tracker = FrameTracker::default();
        tracker.pass(&frame(9, 3, true));
        assert!(!tracker.has_closed());
        tracker.pass(&masked_close_frame(1001, "", [1, 2, 3, 4]));
        assert!(tracker.has_closed() && tracker.is_at_boundary());
        assert_eq!(close_frame(4401, "idle"), [0x88, 6, 0x11, 0x31, b'i', b'd', b'l', b'e']);
        assert_eq!(masked_close_frame(1001, "", [1, 2, 3, 4]), [0x88, 0x82, 1, 2, 3, 4, 0x03 ^ 1, 0xe9 ^ 2]);
    }
}
