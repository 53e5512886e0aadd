//! A real browser without a window, controlled over its `DevTools` protocol through a pipe.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError, mpsc},
    thread,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::process::PATIENCE;

/// The names under which Chromium is installed.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// The file in the profile with what the browser prints outside of the protocol.
const STDERR: &str = "stderr.txt";

/// A browser is many processes. Only one runs at a time, so that tests with a time limit get enough of the machine.
static ONE: Mutex<()> = Mutex::new(());

/// A browser with one page.
pub struct Browser {
    child: Child,
    input: ChildStdin,
    messages: mpsc::Receiver<Value>,
    session: Option<String>,
    last: u64,
    events: Vec<Value>,
    /// The profile, which is removed with the browser.
    profile: TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl Browser {
    /// Opens a file in a window of a width in pixels.
    pub fn open(file: &Path, width: u32) -> Self {
        Self::open_url(url::Url::from_file_path(file).expect("the path is absolute").as_str(), width)
    }

    /// Opens a page in a window of a width in pixels.
    pub fn open_url(url: &str, width: u32) -> Self {
        let alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let profile = tempfile::tempdir().expect("there is a place for files");
        // The browser reads messages from descriptor 3 and writes them to 4. The shell connects these with our pipes.
        let mut command = Command::new("sh");
        command.args(["-c", r#"exec "$@" 3<&0 4>&1 0</dev/null 1>/dev/null 2>"$0""#]);
        command.arg(profile.path().join(STDERR)).arg(chromium()).args([
            "--headless",
            "--remote-debugging-pipe",
            // The browser's sandbox does not work in containers that run as root, and the page is our own.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-extensions",
            "--no-first-run",
            &format!("--user-data-dir={}", profile.path().display()),
            "about:blank",
        ]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("there is a shell");
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (sender, messages) = mpsc::channel();
        thread::spawn(move || {
            let mut message = Vec::new();
            while output.read_until(0, &mut message).is_ok_and(|length| length > 0) {
                message.pop();
                let Ok(value) = serde_json::from_slice(&message) else { break };
                // The test may have stopped listening.
                let _ = sender.send(value);
                message.clear();
            }
        });
        let input = child.stdin.take().expect("it is piped");
        let mut browser =
            Self { child, input, messages, session: None, last: 0, events: Vec::new(), profile, _alone: alone };
        let target = browser.call("Target.createTarget", &json!({"url": "about:blank"}))["targetId"].clone();
        let attached = browser.call("Target.attachToTarget", &json!({"targetId": target, "flatten": true}));
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        browser.resize(width);
        browser.call("Page.navigate", &json!({"url": url}));
        browser.wait_for("Page.loadEventFired");
        browser
    }

    /// Gives the window another width.
    pub fn resize(&mut self, width: u32) {
        self.resize_to(width, 800);
    }

    /// Gives the window another width and height.
    pub fn resize_to(&mut self, width: u32, height: u32) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// Sets the color scheme that the page sees as preferred: `light` or `dark`.
    pub fn prefer(&mut self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", &features);
    }

    /// Evaluates an expression in the page and returns its value. If that is a promise, waits for it.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let result = self.call("Runtime.evaluate", &parameters);
        assert!(result["exceptionDetails"].is_null(), "{expression}: {}", result["exceptionDetails"]);
        result["result"]["value"].clone()
    }

    /// Waits until an expression in the page is true.
    pub fn wait_until(&mut self, expression: &str) {
        self.evaluate(&format!(
            "new Promise((done) => {{ const look = () => (({expression}) ? done(0) : setTimeout(look, 20)); look(); }})"
        ));
    }

    /// What the window shows, as PNG.
    pub fn screenshot(&mut self) -> Vec<u8> {
        let picture = self.call("Page.captureScreenshot", &json!({"format": "png"}));
        STANDARD.decode(picture["data"].as_str().expect("it is text")).expect("it is base64")
    }

    /// Presses a key and lets it go.
    pub fn press(&mut self, key: &str) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            "End" => 35,
            "Home" => 36,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            "ArrowUp" => 38,
            "Backspace" => 8,
            _ => panic!("{key} has no code here"),
        };
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let event = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text});
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    /// Types a text into the element that has the focus.
    pub fn write(&mut self, text: &str) {
        self.call("Input.insertText", &json!({"text": text}));
    }

    /// Clicks on a point of the window.
    pub fn click(&mut self, x: f64, y: f64) {
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1});
            self.call("Input.dispatchMouseEvent", &event);
        }
    }

    /// Sends all later downloads of the page to a folder.
    pub fn save_into(&mut self, folder: &Path) {
        let parameters = json!({"behavior": "allow", "downloadPath": folder, "eventsEnabled": true});
        self.call("Browser.setDownloadBehavior", &parameters);
    }

    /// Waits until a download is complete.
    pub fn wait_for_saved(&mut self) {
        while !self.events_of(&["Browser.downloadProgress"]).iter().any(|event| event["params"]["state"] == "completed")
        {
            let message = self.receive();
            self.events.push(message);
        }
    }

    /// All errors and warnings so far: from scripts, from the console, and from the browser about the page.
    pub fn complaints(&mut self) -> Vec<Value> {
        // The browser reports events in order, so all earlier ones have arrived when this call is answered.
        self.evaluate("0");
        let kinds =
            ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded", "Page.javascriptDialogOpening"];
        self.events_of(&kinds)
    }

    /// The URLs of all requests so far.
    pub fn requests(&mut self) -> Vec<String> {
        self.evaluate("0");
        let requests = self.events_of(&["Network.requestWillBeSent", "Network.webSocketCreated"]);
        let url = |event: &Value| {
            event["params"]["request"]["url"].as_str().or(event["params"]["url"].as_str()).map(str::to_owned)
        };
        requests.iter().map(|event| url(event).expect("a request has a URL")).collect()
    }

    fn events_of(&self, kinds: &[&str]) -> Vec<Value> {
        self.events
            .iter()
            .filter(|event| event["method"].as_str().is_some_and(|name| kinds.contains(&name)))
            .cloned()
            .collect()
    }

    fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let sent = self.input.write_all(format!("{message}\0").as_bytes());
        sent.unwrap_or_else(|error| panic!("{method}: the browser has ended ({error})\n{}", self.stderr()));
        loop {
            let answer = self.receive();
            if answer["id"] == self.last {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
            self.events.push(answer);
        }
    }

    fn wait_for(&mut self, event: &str) {
        while self.events_of(&[event]).is_empty() {
            let message = self.receive();
            self.events.push(message);
        }
    }

    fn receive(&self) -> Value {
        let message = self.messages.recv_timeout(PATIENCE);
        message.unwrap_or_else(|error| panic!("the browser says nothing ({error})\n{}", self.stderr()))
    }

    fn stderr(&self) -> String {
        fs::read_to_string(self.profile.path().join(STDERR)).unwrap_or_default()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Closing the browser ends its helper processes too. The profile could not be removed while they use it.
        self.session = None;
        let _ = self.input.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        while self.messages.recv_timeout(PATIENCE).is_ok() {}
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn chromium() -> PathBuf {
    let folders = env::var_os("PATH").unwrap_or_default();
    let places = env::split_paths(&folders).flat_map(|folder| NAMES.map(|name| folder.join(name)));
    let found = places.into_iter().find(|place| fs::metadata(place).is_ok_and(|file| file.is_file()));
    found.unwrap_or_else(|| {
        panic!("there is no Chromium: `make browser` installs it on Debian as root; elsewhere install chromium or google-chrome")
    })
}
