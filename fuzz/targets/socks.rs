//! Whatever an application sends to the front: reading the messages of SOCKS5 never panics, and what was read is
//! written as it came.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tenure_egress::front::socks5::codec::{self, Command};
use tokio::runtime::Builder;

fuzz_target!(|bytes: &[u8]| {
    let runtime = Builder::new_current_thread().build().expect("a runtime without any driver");
    runtime.block_on(async {
        let _ = codec::read_methods(&mut { bytes }).await;
        if let Ok((name, secret)) = codec::read_password(&mut { bytes }).await {
            let written = codec::write_password(&name, &secret).expect("what fitted once fits again");
            let (again, same) = codec::read_password(&mut written.as_slice()).await.expect("it was just written");
            assert_eq!((name, secret.expose()), (again, same.expose()));
        }
        if let Ok(request) = codec::read_request(&mut { bytes }).await {
            let written = codec::write_request(request.command, &request.target);
            assert_eq!(codec::read_request(&mut written.as_slice()).await.expect("it was just written"), request);
            assert!(matches!(request.command, Command::Connect | Command::Bind | Command::Associate));
        }
        let _ = codec::read_reply(&mut { bytes }).await;
    });
    if let Some((target, payload)) = codec::read_datagram(bytes) {
        let written = codec::write_datagram(&target, payload);
        assert_eq!(codec::read_datagram(&written), Some((target, payload)));
    }
});
