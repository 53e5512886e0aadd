//! Callback URLs: which are the same, which host they call, and what of them is shown.

use kaizala_webhook::kaizala::{CallbackHost, same_url, shown_url};

#[test]
fn urls_are_the_same_however_they_are_spelt() {
    let url = "https://example.com/webhook";
    for other in [
        "https://example.com/webhook/",
        "https://EXAMPLE.com:443/webhook",
        "HTTPS://example.com/%77ebhook",
        "https://example.com/other/../webhook",
        "https://example.com/webhook?",
        "https://example.com/webhook#fragment",
    ] {
        assert!(same_url(url, other) && same_url(other, url), "{other}");
    }
    assert!(same_url("https://example.com", "https://example.com/"));
    assert!(same_url("https://example.com/?code=a%2fb", "https://example.com?code=a%2Fb"));
    for other in [
        "http://example.com/webhook",
        "https://example.com:8443/webhook",
        "https://example.com/Webhook",
        "https://example.com/webhook?stage=old",
        "https://user@example.com/webhook",
        "https://example.com/web%2Fhook",
        "https://example.org/webhook",
        "",
    ] {
        assert!(!same_url(url, other), "{other}");
    }
    assert!(same_url("not a URL", "not a URL") && !same_url("not a URL", "not another"));
}

#[test]
fn a_url_is_shown_without_what_may_be_secret() {
    assert_eq!(shown_url("https://user:a-secret@example.com/webhook?code=a-secret#x"), "https://example.com/webhook?…");
    assert_eq!(shown_url("https://example.com/webhook"), "https://example.com/webhook");
    assert_eq!(shown_url("https://a secret"), "(not a URL)");
    assert_eq!(shown_url("data:a-secret"), "data:…");
    assert_eq!(shown_url("user:a-secret@example.com"), "user:…");
}

#[test]
fn a_host_is_meant_on_one_port_or_on_any() {
    let host = |text: &str| text.parse::<CallbackHost>().expect("it is a host");
    let calls = |url: &str, text: &str| host(text).is_called_by(url);
    assert!(calls("https://example.com/a", "Example.com") && calls("https://example.com:8443/a", "example.com"));
    assert!(
        calls("https://example.com/a", "example.com:443") && !calls("https://example.com:8443/a", "example.com:443")
    );
    assert!(!calls("https://example.com/a", "ample.com") && !calls("not a URL", "example.com"));
    assert!(calls("https://[::1]:8443/a", "[::1]") && calls("https://[::1]:8443/a", "[::1]:8443"));
    for text in [
        "",
        "https://example.com",
        "example.com/",
        "a host",
        "user@example.com",
        "example.com:",
        "example.com:x",
        "::1",
    ] {
        assert!(text.parse::<CallbackHost>().is_err(), "{text:?}");
    }
}
