//! The soak: many deliveries to several processes of the receiver, while the database throttles, fails, hangs, drops
//! connections and loses answers, and while receivers and database are killed.
//!
//! In the suite it is short. `make soak` runs it over a million deliveries on the release binary.

use std::{
    env,
    path::{Path, PathBuf},
    process,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    process::Command,
    time::{sleep, timeout},
};

use crate::support::{
    Fault,
    environments::Environments,
    events::CALLBACK_TOKEN,
    process::{Process, free_port},
    proxy::Proxy,
    world::TABLE,
};

/// How many deliveries there are about.
const DELIVERIES: &str = "SOAK_DELIVERIES";
/// The receiver to test; the one of this build by default.
const RECEIVER: &str = "SOAK_RECEIVER";

/// Processes of the receiver. Twice as many deliveries are under way, so that some always wait.
const ENVIRONMENTS: usize = 8;
/// Nothing may take longer than that.
const LIMIT: Duration = Duration::from_mins(45);
/// What an outage consists of, one after the other.
const OUTAGES: [Fault; 4] = [Fault::ServerError, Fault::Throttling, Fault::Drop, Fault::DropAnswer];

/// After how many requests to the database something is done to the receivers and the database, and how rare a fault is
/// that costs a receiver one and a half seconds.
struct Rhythm {
    kill_receiver: usize,
    kill_database: usize,
    outage: usize,
    rare: usize,
}

impl Rhythm {
    fn of(deliveries: usize) -> Self {
        Self {
            kill_receiver: (deliveries / 200).max(100),
            kill_database: (deliveries / 25).max(450),
            outage: (deliveries / 12).max(400),
            rare: (deliveries / 250).max(397),
        }
    }

    /// Breaks single requests: common faults often, and those that only a timeout ends rarely.
    fn break_requests(&self, proxy: &Proxy) {
        proxy.every(self.rare, Fault::Hang);
        proxy.every(self.rare + 2, Fault::LostAnswer);
        proxy.every(97, Fault::Throttling);
        proxy.every(101, Fault::ServerError);
        proxy.every(211, Fault::Drop);
        proxy.every(223, Fault::DropAnswer);
    }
}

/// The database: a process over a file, which outlives it.
struct Database {
    folder: TempDir,
    port: u16,
    process: Option<Process>,
    /// In MB, of all its processes.
    peak_memory: u64,
}

impl Database {
    fn start() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("there is room");
        let mut database = Self { folder, port: free_port(), process: None, peak_memory: 0 };
        database.restart();
        database
    }

    /// Kills it, whatever it is doing, and starts it again over the same file.
    fn restart(&mut self) {
        self.measure();
        self.process = None;
        let mut command = process::Command::new(env!("CARGO_BIN_EXE_kaizala"));
        let port = self.port.to_string();
        command.args(["dev", "--port", "0", "--db-port", &port, "--table", TABLE, "--db"]).arg(self.file());
        command.env_remove("KAIZALA_DEV_MEMORY").env_remove("KAIZALA_DEV_DELIVER");
        let process = Process::start(command.env("KAIZALA_CALLBACK_TOKEN", "none-of-its-own"));
        process.wait_for(|line| line.starts_with("Database ").then_some(()));
        self.process = Some(process);
    }

    fn measure(&mut self) {
        let peak = self.process.as_ref().map(Process::peak_memory);
        self.peak_memory = self.peak_memory.max(peak.unwrap_or_default());
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("soak.db")
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Delivers by the simulator's own command, which compares the table afterwards, and returns its summary.
async fn deliver(deliveries: usize, webhook: &str, database: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaizala"));
    // Besides the events there are their edits, and both are delivered twice now and then.
    let events = (deliveries * 1000 / 1122).to_string();
    let (concurrency, share) = ((2 * ENVIRONMENTS).to_string(), "0.01");
    command
        .args(["simulate", "deliver", "--json", "--verify", "--url", webhook, "--endpoint-url", database])
        .args(["--table", TABLE, "--events", &events, "--duplicates", "0.1", "--revisions", "0.02"])
        .args(["--lost-answers", share, "--concurrency", &concurrency])
        .env("KAIZALA_CALLBACK_TOKEN", CALLBACK_TOKEN)
        .kill_on_drop(true);
    let output = command.output().await.expect("it runs");
    let told = String::from_utf8_lossy(&output.stdout);
    let summary = told.lines().next().and_then(|line| serde_json::from_str(line).ok());
    summary.unwrap_or_else(|| panic!("there is no summary: {output:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_twice_or_refused_for_good_whatever_breaks() {
    timeout(LIMIT, soak()).await.expect("it ends in time");
}

async fn soak() {
    let deliveries = env::var(DELIVERIES).map_or(1_200, |number| number.parse().expect("it is a number"));
    let receiver = env::var(RECEIVER).unwrap_or_else(|_| env!("CARGO_BIN_EXE_receiver").to_owned());
    let rhythm = Rhythm::of(deliveries);
    let started = Instant::now();
    let mut database = Database::start();
    let proxy = Proxy::start(&database.url()).await;
    proxy.forget();
    rhythm.break_requests(&proxy);
    let mut environments = Environments::start(Path::new(&receiver), ENVIRONMENTS, proxy.url()).await;
    let (webhook, url) = (environments.url.to_string(), database.url());
    let delivering = tokio::spawn(async move { deliver(deliveries, &webhook, &url).await });

    // Not after a time but after some work, so that there is some to interrupt.
    let (mut receivers_killed, mut databases_killed, mut outages) = (0, 0, 0);
    let is_due = |done: usize, every: usize| proxy.passed() > (done + 1) * every;
    while !delivering.is_finished() {
        if is_due(receivers_killed, rhythm.kill_receiver) {
            environments.replace(receivers_killed).await;
            receivers_killed += 1;
        }
        if is_due(databases_killed, rhythm.kill_database) {
            tokio::task::block_in_place(|| database.restart());
            databases_killed += 1;
        }
        if is_due(outages, rhythm.outage) {
            // Until it has reached the sender: shorter ones the store's own retries hide.
            let unavailable = environments.unavailable();
            proxy.always(OUTAGES[outages % OUTAGES.len()]);
            while environments.unavailable() < unavailable + 4 && !delivering.is_finished() {
                sleep(Duration::from_millis(5)).await;
            }
            proxy.heal();
            rhythm.break_requests(&proxy);
            outages += 1;
        }
        sleep(Duration::from_millis(5)).await;
    }
    let summary = delivering.await.expect("it does not panic");
    database.measure();

    let faults =
        [Fault::Throttling, Fault::ServerError, Fault::Hang, Fault::Drop, Fault::LostAnswer, Fault::DropAnswer];
    println!("{summary:#}");
    println!("requests to the database    {}", proxy.passed());
    for fault in faults {
        println!("  {:<26}{}", format!("{fault:?}"), proxy.broken(fault));
    }
    println!("outages                     {outages}");
    println!("receivers killed            {receivers_killed}");
    println!("databases killed            {databases_killed}");
    println!("answered 503                {}", environments.unavailable());
    println!("not answered                {}", environments.crashed());
    println!("peak memory of the database {} MB", database.peak_memory);
    let file = std::fs::metadata(database.file()).map_or(0, |file| file.len());
    println!("file of the database        {} MB", file / 1024 / 1024);
    println!("seconds                     {:.0}", started.elapsed().as_secs_f64());

    assert_eq!(summary["disabled"], false, "an event was refused for good");
    for kind in ["lost", "twice", "changed", "unexpected"] {
        assert_eq!(summary["verification"][kind], Value::Array(vec![]), "{kind}");
    }
    let refused = summary["outcomes"].as_object().into_iter().flatten().find(|(outcome, _)| outcome.contains("failed"));
    assert_eq!(refused, None);
    assert!(faults.into_iter().all(|fault| proxy.broken(fault) > 0), "not everything was tried");
    assert!(receivers_killed > 3 && databases_killed > 0 && outages > 0, "not everything was tried");
    assert!(environments.unavailable() > 0 && environments.crashed() > 0, "the sender noticed nothing");
}
