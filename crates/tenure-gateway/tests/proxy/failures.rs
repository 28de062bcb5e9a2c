//! Applications that are away, slow or broken.

use std::time::{Duration, Instant};

use tenure_gateway::proxy::UpstreamLimits;

use crate::support::{Gateway, Settings, accept, raw_application};

const ASK: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test]
async fn an_application_that_is_down_is_named_without_its_address() {
    let (listener, address) = raw_application().await;
    drop(listener);
    let answer = Gateway::before(address).await.ask(ASK).await;
    assert_eq!((answer.status, answer.text()), (502, "the application could not be reached"));
}

fn patient_for(response_timeout: Duration) -> Settings {
    Settings {
        limits: UpstreamLimits { response_timeout, ..UpstreamLimits::default() },
        ..Settings::default()
    }
}

#[tokio::test]
async fn an_application_that_does_not_answer_times_out_and_is_let_go() {
    let (listener, address) = raw_application().await;
    let gateway = Gateway::with(address, patient_for(Duration::from_millis(100))).await;
    let mut client = gateway.connect().await;
    client.send(ASK).await;
    let mut connection = accept(&listener).await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.text()), (504, "the application did not answer in time"));
    connection.read_to_end().await;
}

#[tokio::test]
async fn an_application_that_stops_reading_an_upload_times_out() {
    let (listener, address) = raw_application().await;
    let gateway = Gateway::with(address, patient_for(Duration::from_millis(200))).await;
    let mut client = gateway.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n").await;
    let _connection = accept(&listener).await;
    let (mut read, mut write) = client.stream.split();
    let sending = async {
        let block = vec![b'x'; 64 * 1024];
        while tokio::io::AsyncWriteExt::write_all(&mut write, &block).await.is_ok() {}
        std::future::pending::<()>().await;
    };
    let mut head = [0; 12];
    tokio::select! {
        () = sending => {}
        read = tokio::io::AsyncReadExt::read_exact(&mut read, &mut head) => { read.unwrap(); }
    }
    assert_eq!(&head, b"HTTP/1.1 504");
}

#[tokio::test]
async fn a_slow_client_is_not_the_fault_of_the_application() {
    let (listener, address) = raw_application().await;
    let gateway = Gateway::with(address, patient_for(Duration::from_millis(100))).await;
    let mut client = gateway.connect().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab").await;
    let mut connection = accept(&listener).await;
    connection.read_to(b"ab").await;
    let started = Instant::now();
    crate::support::until("three timeouts to pass", || started.elapsed() > Duration::from_millis(350)).await;
    client.send("cd").await;
    connection.read_to(b"cd").await;
    connection.send("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(client.head().await.status, 204);
}

#[tokio::test]
async fn an_application_that_hangs_up_or_speaks_nonsense_gives_502() {
    for (spoken, said) in [
        ("", "the application closed the connection without an answer"),
        ("HTTP/1.1 200 OK\r\nContent-Le", "the application closed the connection without an answer"),
        ("SSH-2.0-nonsense\r\n\r\n", "the application gave an answer that could not be understood"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "the application gave an answer that could not be understood",
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
            "the application gave an answer that could not be understood",
        ),
    ] {
        let (listener, address) = raw_application().await;
        let gateway = Gateway::before(address).await;
        let mut client = gateway.connect().await;
        client.send(ASK).await;
        let mut connection = accept(&listener).await;
        connection.read_to(b"\r\n\r\n").await;
        connection.send(spoken).await;
        drop(connection);
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.text()), (502, said), "{spoken:?}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_breaks_off_for_the_client_too() {
    for framing in ["Content-Length: 10\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"] {
        let (listener, address) = raw_application().await;
        let gateway = Gateway::before(address).await;
        let mut client = gateway.connect().await;
        client.send(ASK).await;
        let mut connection = accept(&listener).await;
        connection.read_to(b"\r\n\r\n").await;
        connection.send(format!("HTTP/1.1 200 OK\r\n{framing}")).await;
        client.read_to(b"half").await;
        drop(connection);
        let rest = client.read_to_end().await;
        assert!(!rest.ends_with(b"0\r\n\r\n"), "a part must not pass for the whole");
    }
}
