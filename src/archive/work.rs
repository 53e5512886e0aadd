//! Rows are read by one thread, in order, and worked on by several.

use std::{
    io::Read,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use super::{
    Archive, FileKind, Layout, Progress, Record, RowProblem,
    problem::FileProblem,
    rows::Rows,
    source::{each_file, of_reading},
};

/// Rows, or bytes of them, that go to a thread at once.
const BATCH_ROWS: usize = 256;
const BATCH_BYTES: usize = 256 * 1024;
/// Batches that wait for each thread.
const WAITING: usize = 2;

/// A row of an archive.
#[derive(Debug)]
pub struct Row {
    /// Its place among all rows.
    pub number: u64,
    /// In which of the archive's files it is.
    pub file: usize,
    /// In which line of it, the first being 1.
    pub line: u64,
    /// The layout of the file.
    pub layout: Arc<Layout>,
    /// Its cells, or why it has none.
    pub cells: Result<Record, RowProblem>,
}

impl Archive {
    /// Passes all rows to `each`, with one of the workers that `make` makes for each of `threads` threads, and returns the
    /// workers. A single thread gets the rows in their order. Nothing is read on after a failure.
    ///
    /// # Errors
    /// As `each` fails.
    pub fn each_row<W: Send, E: Send>(
        &self,
        threads: usize,
        progress: Progress<'_>,
        make: impl Fn() -> W + Sync,
        each: impl Fn(&mut W, Row) -> Result<(), E> + Sync,
    ) -> Result<Vec<W>, E> {
        let threads = threads.max(1);
        let (sender, receiver) = mpsc::sync_channel::<Vec<Row>>(WAITING * threads);
        // Nobody but the workers has it: when they have ended, however they have, the reader is told.
        let receiver = Arc::new(Mutex::new(receiver));
        thread::scope(|scope| {
            let (make, each) = (&make, &each);
            let workers: Vec<_> = (0..threads)
                .map(|_| {
                    let receiver = receiver.clone();
                    scope.spawn(move || {
                        let mut worker = make();
                        loop {
                            let batch = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
                            let Ok(batch) = batch else { return Ok(worker) };
                            batch.into_iter().try_for_each(|row| each(&mut worker, row))?;
                        }
                    })
                })
                .collect();
            drop(receiver);
            let mut reader = Reader { archive: self, progress, sender, batch: Vec::new(), bytes: 0, number: 0 };
            // An error means that the workers have ended, who know why.
            let _ = each_file(&self.sources, |file, opened| reader.file(file, opened)).and_then(|()| reader.send());
            drop(reader);
            let join = |worker: thread::ScopedJoinHandle<'_, Result<W, E>>| {
                worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            workers.into_iter().map(join).collect()
        })
    }
}

/// The workers have ended.
struct Ended;

struct Reader<'a> {
    archive: &'a Archive,
    progress: Progress<'a>,
    sender: mpsc::SyncSender<Vec<Row>>,
    batch: Vec<Row>,
    bytes: usize,
    number: u64,
}

impl Reader<'_> {
    fn file(&mut self, file: usize, opened: Result<&mut dyn Read, FileProblem>) -> Result<(), Ended> {
        let FileKind::Rows(layout) = &self.archive.files[file].kind else { return Ok(()) };
        let from = match opened {
            Ok(from) => Watched { from, progress: self.progress },
            Err(problem) => return self.row(file, 1, layout, Err(RowProblem::File(problem))),
        };
        let mut rows = match Rows::new(from, layout) {
            Ok(rows) => rows,
            Err(error) => return self.row(file, 1, layout, Err(RowProblem::File(of_reading(&error)))),
        };
        loop {
            match rows.next() {
                Ok(Some(Ok(row))) if row.is_blank() => {}
                Ok(Some(Ok(row))) => self.row(file, row.line, layout, Ok(row))?,
                Ok(Some(Err((line, problem)))) => self.row(file, line, layout, Err(problem))?,
                Ok(None) => return Ok(()),
                Err(error) => {
                    let problem = RowProblem::File(of_reading(&error));
                    return self.row(file, rows.line(), layout, Err(problem));
                }
            }
        }
    }

    fn row(
        &mut self,
        file: usize,
        line: u64,
        layout: &Arc<Layout>,
        cells: Result<Record, RowProblem>,
    ) -> Result<(), Ended> {
        self.bytes += cells.as_ref().map_or(0, Record::bytes);
        self.batch.push(Row { number: self.number, file, line, layout: layout.clone(), cells });
        self.number += 1;
        if self.batch.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES { self.send() } else { Ok(()) }
    }

    fn send(&mut self) -> Result<(), Ended> {
        self.bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        self.sender.send(batch).map_err(|_| Ended)
    }
}

/// A file whose reading is watched.
struct Watched<'a, R> {
    from: R,
    progress: Progress<'a>,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.from.read(buffer)?;
        (self.progress)(read as u64);
        Ok(read)
    }
}
