//! A live table, scanned into a folder in the form of an export.
//!
//! The scan is what takes long and costs read capacity, so it is what can be resumed: each data file that is complete is
//! noted in `scan.json`, with the key at which its segment goes on. A run that fails loses nothing, one that is killed no more
//! than the files that were open. A finished scan is never used again: the table has moved on since.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::{
    DataFileWriter, ExportFolder, ExportFolderWriter, WrittenFile,
    error::{ExportFilesError, file},
    pace::ReadPace,
};
use crate::{
    event::Timestamp,
    files::{self, Readers},
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
    /// What is scanned: table and options, in the words of whoever asked for the scan.
    source: String,
    started_at: String,
    segments: Vec<Segment>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Segment {
    /// The key behind which it goes on.
    after: Option<PageKey>,
    is_finished: bool,
    files: Vec<WrittenFile>,
}

impl State {
    fn new(source: &str, segments: u16, now: Timestamp) -> Self {
        let segments = vec![Segment::default(); usize::from(segments.max(1))];
        Self { source: source.to_owned(), started_at: now.to_string(), segments }
    }

    /// The unfinished scan of `source` in a folder.
    fn load(folder: &Path, source: &str) -> Result<Option<Self>, ExportFilesError> {
        match fs::read(folder.join(STATE)) {
            Ok(text) => Ok(serde_json::from_slice(&text).ok().filter(|state: &Self| {
                state.source == source && state.segments.iter().any(|segment| !segment.is_finished)
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(file(folder.join(STATE))(error)),
        }
    }

    fn started_at(&self) -> Option<Timestamp> {
        Timestamp::from_rfc3339(&self.started_at)
    }

    fn files(&self) -> Vec<WrittenFile> {
        self.segments.iter().flat_map(|segment| &segment.files).cloned().collect()
    }
}

/// When the unfinished scan in `folder` began that [`scan`] would go on with: `None` if it would begin anew.
///
/// # Errors
/// When the folder cannot be read.
pub fn unfinished_scan(source: &str, folder: &Path) -> Result<Option<Timestamp>, ExportFilesError> {
    Ok(State::load(folder, source)?.and_then(|state| state.started_at()))
}

/// Scans a table into `folder`, or goes on with a scan of the same `source` that was left unfinished there; what else is in
/// the folder is deleted. Only its owner can look into the folder. `source` tells the table and how it was asked for, so that
/// no scan goes on with what another one has read. `scanned` is told how many more items were read.
///
/// Items that are written meanwhile may be in it or not; each item is there as it was when it was read.
///
/// # Errors
/// When DynamoDB does not answer or a file cannot be written. The folder is left so that the scan can be resumed, and deleted
/// if nothing was read.
pub async fn scan(
    store: &Store,
    source: &str,
    folder: &Path,
    options: ScanOptions,
    now: Timestamp,
    scanned: impl Fn(u64) + Send + Sync + 'static,
) -> Result<ExportFolder, ExportFilesError> {
    let state = match State::load(folder, source)? {
        Some(unfinished) => unfinished,
        None => {
            files::remove(folder).map_err(file(folder))?;
            State::new(source, options.segments, now)
        }
    };
    files::private_folder(folder).map_err(file(folder))?;
    let segments = state.segments.len();
    let scan = Arc::new(Scan {
        store: store.clone(),
        folder: folder.to_owned(),
        writer: ExportFolderWriter::new(folder, NAME, store.table())?,
        state: Mutex::new(state),
        pace: options.read_rate.map(ReadPace::new),
        has_failed: AtomicBool::new(false),
        scanned: Box::new(scanned),
    });
    scan.note(|_| {})?;
    let mut running = JoinSet::new();
    for segment in 0..segments {
        running.spawn(scan.clone().segment(segment));
    }
    let mut result = Ok(());
    while let Some(done) = running.join_next().await {
        // After a failure the others stop too, and note how far they have come.
        result = result.and(done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())));
    }
    let state = scan.state().clone();
    let files = state.files();
    if let Err(error) = result {
        if files.iter().all(WrittenFile::is_empty) {
            files::remove(folder).map_err(file(folder))?;
        }
        return Err(error);
    }
    scan.writer.finish(&files, state.started_at().unwrap_or(now))?;
    ExportFolder::find(folder)
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

impl Scan {
    /// Reads a segment to its end, file by file, unless it or another one fails.
    async fn segment(self: Arc<Self>, number: usize) -> Result<(), ExportFilesError> {
        loop {
            let segment = self.state().segments[number].clone();
            if segment.is_finished || self.has_failed.load(Ordering::Relaxed) {
                return Ok(());
            }
            if let Err(error) = self.data_file(number, segment).await {
                self.has_failed.store(true, Ordering::Relaxed);
                return Err(error);
            }
        }
    }

    /// Writes the next data file of a segment, and notes it. Pages that were read before DynamoDB failed count.
    async fn data_file(&self, number: usize, mut segment: Segment) -> Result<(), ExportFilesError> {
        let mut data = self.writer.data_file(&format!("{number:04}-{:06}", segment.files.len()))?;
        let read = self.pages(number, &mut segment, &mut data).await?;
        segment.files.push(data.finish()?);
        self.note(|state| state.segments[number] = segment)?;
        Ok(read?)
    }

    /// Copies pages into a data file until it is full or the segment ends. The outer error is the file's, which is of no use
    /// then: it may end within a page.
    async fn pages(
        &self,
        number: usize,
        segment: &mut Segment,
        data: &mut DataFileWriter,
    ) -> Result<Result<(), StoreError>, ExportFilesError> {
        while !segment.is_finished && data.bytes() < FILE_BYTES && !self.has_failed.load(Ordering::Relaxed) {
            let page = match self.page(number, segment.after.as_ref()).await {
                Ok(page) => page,
                Err(error) => return Ok(Err(error)),
            };
            for item in &page.items {
                data.write(item)?;
            }
            segment.is_finished = page.last.is_none();
            segment.after = page.last;
        }
        Ok(Ok(()))
    }

    async fn page(&self, number: usize, after: Option<&PageKey>) -> Result<Page, StoreError> {
        if let Some(pace) = &self.pace {
            pace.wait().await;
        }
        let segments = self.state().segments.len();
        let page = self.store.scan_page(number, segments, after).await?;
        if let Some(pace) = &self.pace {
            pace.took(page.read_units);
        }
        (self.scanned)(page.items.len() as u64);
        Ok(page)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes on disk how far the scan has come.
    fn note(&self, change: impl FnOnce(&mut State)) -> Result<(), ExportFilesError> {
        let mut state = self.state();
        change(&mut state);
        let path = self.folder.join(STATE);
        let text = serde_json::to_vec(&*state).map_err(|error| file(&path)(error.into()))?;
        files::replace(&path, &text, Readers::Owner).map_err(file(path))
    }
}
