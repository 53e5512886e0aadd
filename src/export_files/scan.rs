//! A live table, scanned into a folder in the form of an export.
//!
//! The scan is what takes long and costs read capacity, so it is what can be resumed: each data file that is complete is
//! noted in `scan.json`, with the key at which its segment goes on. A run that fails loses nothing, one that is killed no more
//! than the files that were open.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::{task::JoinSet, time::Instant};

use super::{
    ExportFolder, ExportFolderWriter, WrittenFile,
    error::{SourceError, file},
};
use crate::{
    event::Timestamp,
    store::{Page, PageKey, Store, StoreError},
};

/// Size at which a data file is complete: what a scan that is killed has to read again at the most, per segment.
const FILE_BYTES: u64 = 8 * 1024 * 1024;
const STATE: &str = "scan.json";
/// The only export in the folder.
const NAME: &str = "scan";

/// How a table is scanned.
#[derive(Clone, Copy, Debug)]
pub struct ScanOptions {
    /// How many parts of the table are read at once.
    pub segments: u16,
    /// Read units a second, of all segments together; no limit by default.
    pub read_rate: Option<u32>,
}

/// How far a scan has come.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    /// Which table it is, wherever that is.
    source: String,
    started_at: String,
    segments: Vec<Segment>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Segment {
    /// Behind which key it goes on.
    after: Option<PageKey>,
    is_finished: bool,
    files: Vec<WrittenFile>,
}

/// What the segments share.
struct Scan {
    store: Store,
    folder: PathBuf,
    writer: ExportFolderWriter,
    state: Mutex<State>,
    pace: Option<ReadPace>,
    has_failed: AtomicBool,
    scanned: Box<dyn Fn(u64) + Send + Sync>,
}

/// Scans a table into `folder`, or goes on with a scan that was begun there. `source` says which table it is, so that the
/// scan of another one is not continued. `scanned` is told how many more items were read.
///
/// Items that are written meanwhile may be in it or not; each item is there as it was when it was read.
///
/// # Errors
/// When DynamoDB does not answer or a file cannot be written; the scan can be resumed then.
pub async fn scan(
    store: &Store,
    source: &str,
    folder: &Path,
    options: ScanOptions,
    now: Timestamp,
    scanned: impl Fn(u64) + Send + Sync + 'static,
) -> Result<ExportFolder, SourceError> {
    let state = begun(folder, source)?.map_or_else(
        || {
            // What is there belongs to the scan of another table.
            match fs::remove_dir_all(folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file(folder)(error)),
                _ => {}
            }
            Ok(State {
                source: source.to_owned(),
                started_at: now.to_string(),
                segments: vec![Segment::default(); usize::from(options.segments.max(1))],
            })
        },
        Ok,
    )?;
    let segments = state.segments.len();
    let writer = ExportFolderWriter::new(folder, NAME, store.table())?;
    let scan = Arc::new(Scan {
        store: store.clone(),
        folder: folder.to_owned(),
        writer,
        state: Mutex::new(state),
        pace: options.read_rate.map(ReadPace::new),
        has_failed: AtomicBool::new(false),
        scanned: Box::new(scanned),
    });
    scan.save(|_| {})?;
    let mut running = JoinSet::new();
    for segment in 0..segments {
        running.spawn(scan.clone().segment(segment));
    }
    let mut result = Ok(());
    while let Some(done) = running.join_next().await {
        // After a failure the others stop too, and note how far they have come.
        result = result.and(done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())));
    }
    result?;
    let state = scan.state.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let files: Vec<_> = state.segments.into_iter().flat_map(|segment| segment.files).collect();
    let at = Timestamp::from_rfc3339(&state.started_at).unwrap_or(now);
    scan.writer.finish(&files, at)?;
    ExportFolder::find(folder)
}

/// The scan of that source that was begun in a folder.
fn begun(folder: &Path, source: &str) -> Result<Option<State>, SourceError> {
    match fs::read(folder.join(STATE)) {
        Ok(text) => Ok(serde_json::from_slice(&text).ok().filter(|state: &State| state.source == source)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file(folder.join(STATE))(error)),
    }
}

impl Scan {
    async fn segment(self: Arc<Self>, number: usize) -> Result<(), SourceError> {
        let (Segment { mut after, mut is_finished, files }, segments) = {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            (state.segments[number].clone(), state.segments.len())
        };
        let mut file_number = files.len();
        while !is_finished && !self.has_failed.load(Ordering::Relaxed) {
            let mut data = self.writer.data_file(&format!("{number:04}-{file_number:06}"))?;
            let mut failure = None;
            while !is_finished && data.bytes() < FILE_BYTES && !self.has_failed.load(Ordering::Relaxed) {
                match self.page((number, segments), after.as_ref()).await {
                    Ok(page) => {
                        for item in &page.items {
                            data.write(item)?;
                        }
                        is_finished = page.last.is_none();
                        after = page.last;
                    }
                    Err(error) => {
                        self.has_failed.store(true, Ordering::Relaxed);
                        failure = Some(error);
                    }
                }
            }
            let written = data.finish()?;
            file_number += 1;
            self.save(|state| {
                let segment = &mut state.segments[number];
                (segment.after, segment.is_finished) = (after.clone(), is_finished);
                segment.files.push(written);
            })?;
            if let Some(error) = failure {
                return Err(error.into());
            }
        }
        Ok(())
    }

    async fn page(&self, (number, segments): (usize, usize), after: Option<&PageKey>) -> Result<Page, StoreError> {
        if let Some(pace) = &self.pace {
            pace.wait().await;
        }
        let page = self.store.scan_page(number, segments, after).await?;
        if let Some(pace) = &self.pace {
            pace.took(page.read_units);
        }
        (self.scanned)(page.items.len() as u64);
        Ok(page)
    }

    /// Notes how far the scan has come.
    fn save(&self, change: impl FnOnce(&mut State)) -> Result<(), SourceError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        let (path, fresh) = (self.folder.join(STATE), self.folder.join("scan.json.new"));
        let text = serde_json::to_vec(&*state).map_err(|error| SourceError::Sink(error.into()))?;
        fs::write(&fresh, text).and_then(|()| fs::rename(&fresh, &path)).map_err(file(path))
    }
}

/// Spreads requests so that they take no more than so many read units a second on average.
struct ReadPace {
    units_a_second: f64,
    /// When the next request may be sent.
    next: Mutex<Instant>,
}

impl ReadPace {
    fn new(units_a_second: u32) -> Self {
        Self { units_a_second: f64::from(units_a_second.max(1)), next: Mutex::new(Instant::now()) }
    }

    async fn wait(&self) {
        let next = *self.next.lock().unwrap_or_else(PoisonError::into_inner);
        tokio::time::sleep_until(next).await;
    }

    /// What a request takes is known when it is answered: the next one pays for it.
    fn took(&self, units: f64) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = Instant::now().max(*next) + Duration::from_secs_f64(units / self.units_a_second);
    }
}
