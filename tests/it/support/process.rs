//! Runs programs as processes, waits for what they print, and ends them with the test.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

/// How long a program may take to start on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A running program. It is killed when this is dropped.
pub struct Process {
    child: Child,
    lines: mpsc::Receiver<String>,
    output: Arc<Mutex<String>>,
}

impl Process {
    /// Starts a program and collects its standard output and standard error.
    pub fn start(command: &mut Command) -> Self {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (sender, lines) = mpsc::channel();
        let output = Arc::new(Mutex::new(String::new()));
        listen(child.stdout.take().expect("it is piped"), sender.clone(), output.clone());
        listen(child.stderr.take().expect("it is piped"), sender, output.clone());
        Self { child, lines, output }
    }

    /// Waits for a line for which `wanted` returns `Some`, and returns that.
    pub fn wait_for<T>(&self, wanted: impl Fn(&str) -> Option<T>) -> T {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    if let Some(found) = wanted(&line) {
                        return found;
                    }
                }
                Err(error) => panic!("the line never came ({error}); there was:\n{}", self.output()),
            }
        }
    }

    /// The largest resident memory of the program so far, in MB.
    pub fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak.and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or_default() / 1024
    }

    /// Asks the program to end, as Ctrl-C does, and waits for that. Returns its exit code.
    pub fn terminate(&mut self) -> Option<i32> {
        let asked =
            Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("there is a kill");
        assert!(asked.success());
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                return status.code();
            }
            assert!(Instant::now() < deadline, "it does not end; there was:\n{}", self.output());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Everything that the program has printed so far.
    pub fn output(&self) -> String {
        self.output.lock().expect("no listener panics").clone()
    }
}

impl Process {
    /// Kills the programs that this program has started, and returns how many they were.
    pub fn kill_children(&self) -> usize {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).into_iter().flatten().flatten();
        let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
        let children: Vec<_> =
            lists.flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect();
        for child in &children {
            // It may have ended by itself.
            let _ = Command::new("kill").args(["-KILL", child]).stderr(Stdio::null()).status();
        }
        children.len()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill_children();
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(stream: impl Read + Send + 'static, lines: mpsc::Sender<String>, output: Arc<Mutex<String>>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            output.lock().expect("no listener panics").extend([&*line, "\n"]);
            // The test may have stopped listening.
            let _ = lines.send(line);
        }
    });
}

/// Runs a program to its end, with `input` as its standard input.
pub fn run(command: &mut Command, input: &[u8]) -> Output {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    // A program that does not read its input closes it early.
    let _ = child.stdin.take().expect("it is piped").write_all(input);
    child.wait_with_output().expect("it ends")
}

/// Waits until a port is open, sends an HTTP request over a connection of its own, and returns the whole answer.
pub fn http(address: &str, head: &str, body: &[u8]) -> String {
    let deadline = Instant::now() + PATIENCE;
    let mut stream = loop {
        match TcpStream::connect(address) {
            Ok(stream) => break stream,
            Err(error) => assert!(Instant::now() < deadline, "{address}: {error}"),
        }
        thread::yield_now();
    };
    let head = format!("{head}\r\nHost: {address}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).expect("it reads the head");
    // A server that refuses a request need not read its body.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).expect("it answers with text")
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}

/// A program that `make tools` installs into `.tools/`.
pub fn tool(path: &str) -> PathBuf {
    needed(Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/venv").join(path), "make tools")
}

/// The receiver as it is deployed.
pub fn release_receiver() -> PathBuf {
    let built =
        Path::new(env!("CARGO_BIN_EXE_kaizala")).ancestors().nth(2).map(|target| target.join("release/receiver"));
    needed(built.expect("binaries are two folders deep"), "make receiver")
}

fn needed(path: PathBuf, target: &str) -> PathBuf {
    assert!(path.exists(), "{} is not there; `make test` prepares it, or `{target}` alone", path.display());
    path
}
