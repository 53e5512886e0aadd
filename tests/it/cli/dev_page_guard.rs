//! Who may see the page of `kaizala dev`, and how it ends.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
};

use serde_json::{Value, json};

use crate::support::{World, dev::Dev, process::PATIENCE, sample};

/// Every path that shows something, or does something.
const PATHS: [&str; 8] = [
    "GET /",
    "GET /page.js",
    "GET /page.css",
    "GET /feed",
    "GET /deliveries/1",
    "GET /report",
    "POST /samples",
    "POST /burst",
];

/// Sends a request as it stands, and returns the whole answer.
fn raw(dev: &Dev, head: &str) -> String {
    let mut stream = TcpStream::connect(dev.address()).expect("it listens");
    stream.write_all(format!("{head}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers with text");
    answer
}

/// The messages of a stream of events, as they come.
fn feed(dev: &Dev, headers: &str) -> impl Iterator<Item = (String, Value)> + use<> {
    let mut stream = TcpStream::connect(dev.address()).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("it can be set");
    let host = dev.address();
    stream.write_all(format!("GET /feed HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n").as_bytes()).expect("it reads");
    let mut id = String::new();
    BufReader::new(stream).lines().map_while(Result::ok).filter_map(move |line| {
        if let Some(other) = line.strip_prefix("id: ") {
            other.clone_into(&mut id);
        }
        let data = line.strip_prefix("data: ")?;
        Some((id.clone(), serde_json::from_str(data).expect("it is JSON")))
    })
}

#[test]
fn a_request_for_another_host_or_from_another_origin_is_refused() {
    let dev = Dev::start(&["--memory"], Some("t"));
    dev.post("t", br#"{"eventId":"secret-1","eventType":"X","groupId":"g"}"#);
    let here = dev.address().to_owned();
    let port = here.rsplit_once(':').expect("it has a port").1.to_owned();
    let other_port = format!("127.0.0.1:{}", if port == "9" { "8" } else { "9" });
    let name = format!("attacker.example:{port}");
    let beginning = format!("127.0.0.1.attacker.example:{port}");

    for path in PATHS {
        let request = format!("{path} HTTP/1.1");
        for host in [&*name, &*beginning, &*other_port, "127.0.0.1", "", "attacker.example"] {
            let answer = raw(&dev, &format!("{request}\r\nHost: {host}"));
            assert!(answer.starts_with("HTTP/1.1 403"), "{path} for {host}: {answer}");
            assert!(!answer.contains("secret-1"), "{path} for {host}");
        }
        let twice = raw(&dev, &format!("{request}\r\nHost: {here}\r\nHost: {name}"));
        assert!(twice.starts_with("HTTP/1.1 40"), "{path}: {twice}");
        let (method, only) = path.split_once(' ').expect("it has both");
        let absolute = raw(&dev, &format!("{method} http://{name}{only} HTTP/1.1\r\nHost: {here}"));
        assert!(absolute.starts_with("HTTP/1.1 403"), "{path}: {absolute}");
        for origin in
            [&*format!("http://{name}"), &*format!("https://{here}"), &*format!("http://{other_port}"), "null"]
        {
            let answer = raw(&dev, &format!("{request}\r\nHost: {here}\r\nOrigin: {origin}"));
            assert!(answer.starts_with("HTTP/1.1 403"), "{path} from {origin}: {answer}");
        }
    }
    let stored = raw(&dev, &format!("GET /report HTTP/1.1\r\nHost: {here}"));
    assert!(stored.contains(r#""items":1"#), "a stranger has delivered something");

    for host in [&*here, &*format!("localhost:{port}"), &*format!("LOCALHOST:{port}")] {
        let answer = raw(&dev, &format!("GET /deliveries/1 HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}"));
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("secret-1"), "{host}: {answer}");
        for header in ["default-src 'none'", "frame-ancestors 'none'", "nosniff", "no-store", "same-origin"] {
            assert!(answer.contains(header), "{header} is missing: {answer}");
        }
    }
    // Senders come by any name, as through a tunnel: they see nothing, and need the token.
    let head = format!("POST /webhook HTTP/1.1\r\nHost: {name}\r\nkz-callback-token: t");
    assert!(raw(&dev, &head).starts_with("HTTP/1.1 200"));
}

#[test]
fn a_stream_goes_on_behind_what_was_seen_and_does_not_keep_the_command_from_ending() {
    let mut dev = Dev::start(&["--memory"], Some("t"));
    let event = |id: &str| format!(r#"{{"eventId":"{id}","eventType":"X","groupId":"g"}}"#);
    dev.post("t", event("1").as_bytes());

    let mut stream = feed(&dev, "");
    let (seen, first) = stream.next().expect("it begins at once");
    assert_eq!(first["deliveries"][0]["eventId"], "1");
    assert_eq!(first["counts"], json!({"stored": 1}));
    dev.post("t", event("2").as_bytes());
    let (_, next) = stream.next().expect("it goes on");
    assert_eq!(next["deliveries"].as_array().map(Vec::len), Some(1));
    assert_eq!(next["deliveries"][0]["eventId"], "2");

    let (_, again) = feed(&dev, &format!("Last-Event-ID: {seen}\r\n")).next().expect("it begins at once");
    assert_eq!(again["deliveries"][0]["eventId"], "2");
    // What another run has counted says nothing here.
    let (_, all) = feed(&dev, "Last-Event-ID: 0123-2\r\n").next().expect("it begins at once");
    assert_eq!(all["deliveries"].as_array().map(Vec::len), Some(2));

    assert_eq!(dev.process.terminate(), Some(0));
    assert!(stream.next().is_none());
}

#[tokio::test]
async fn the_lambda_has_no_page() {
    let world = World::new().await;
    for path in PATHS {
        let (method, path) = path.split_once(' ').expect("it has both");
        let mut request = sample("handshake-get");
        request.event["rawPath"] = json!(path);
        request.event["requestContext"]["http"]["method"] = json!(method);
        assert_eq!(world.deliver(&request).await.status, 404, "{path}");
    }
}
