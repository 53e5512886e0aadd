//! The place that `--out` names. One run at a time works there. If it fails, it leaves beside that place only the files with
//! which the next run can resume.

use std::{
    cell::Cell,
    fs,
    path::{Path, PathBuf},
    pin::pin,
    process,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use anyhow::Context;

use super::{output::note, serving::shutdown};
use crate::files::{self, Lock};

/// The exit code of a program that was ended by Ctrl-C, by the convention of shells.
const INTERRUPTED: i32 = 130;

/// The exclusive right of this run to write `--out`.
pub(super) struct Workplace {
    fetched: PathBuf,
    keeps_fetched: Cell<bool>,
    claim: Arc<Mutex<Claim>>,
}

/// The lock of a place, until the run has ended. The thread that holds the mutex finishes the process: either the run, when it
/// puts its result in place, or the thread that handles Ctrl-C.
type Claim = Option<Lock>;

impl Workplace {
    /// Claims the place, and deletes what a killed run has left there. From now on, Ctrl-C ends the run and leaves nothing
    /// behind.
    pub(super) fn claim(out: &Path) -> anyhow::Result<Self> {
        let beside = |what| {
            files::beside(out, what)
                .with_context(|| format!("{} has no name of its own: name another --out", out.display()))
        };
        let (lock, fetched) = (beside("lock")?, beside("source")?);
        let folder = files::parent(out);
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let lock =
            Lock::take(&lock).with_context(|| format!("{} cannot be locked", lock.display()))?.with_context(|| {
                format!("another run is writing {}: wait for its end, or name another --out", out.display())
            })?;
        files::remove_asides(out)
            .and_then(|()| files::remove(&doomed(&fetched)))
            .with_context(|| format!("{} cannot be cleared", folder.display()))?;
        let claim = Arc::new(Mutex::new(Some(lock)));
        clear_when_interrupted(out.to_owned(), fetched.clone(), claim.clone())?;
        Ok(Self { fetched, keeps_fetched: Cell::new(true), claim })
    }

    /// The folder for fetched files. They hold events with all their personal data.
    pub(super) fn fetched(&self) -> &Path {
        &self.fetched
    }

    /// Decides that the fetched files are of no use to another run: they are deleted when this run ends, whether it succeeds or not.
    pub(super) fn keep_nothing(&self) {
        self.keeps_fetched.set(false);
    }

    /// Puts the result in place with `put`. Ctrl-C does not interrupt that.
    pub(super) fn publish<T>(&self, put: impl FnOnce() -> T) -> T {
        let _uninterrupted = self.claim.lock().unwrap_or_else(PoisonError::into_inner);
        put()
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        // After Ctrl-C the other thread holds the mutex until the process ends, so this run reports no error of its own.
        let mut claim = self.claim.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.keeps_fetched.get() {
            delete(&self.fetched);
        }
        claim.take();
    }
}

/// Deletes what the run has put beside its place, while the run may still be writing there.
fn clear(out: &Path, fetched: &Path) {
    // The folder is renamed first, so that the run cannot put anything more into it.
    if fs::rename(fetched, doomed(fetched)).is_ok() {
        delete(&doomed(fetched));
    }
    if let Err(error) = files::remove_asides(out) {
        note(format_args!("warning: what was written beside {} cannot be deleted ({error})", out.display()));
    }
}

/// The name to which the folder of fetched files is renamed after Ctrl-C, to be deleted.
fn doomed(fetched: &Path) -> PathBuf {
    fetched.with_added_extension("deleted")
}

fn delete(fetched: &Path) {
    if let Err(error) = files::remove(fetched) {
        note(format_args!("warning: {} cannot be deleted ({error}): delete it, it holds events", fetched.display()));
    }
}

/// Starts a thread that waits for Ctrl-C or SIGTERM, and then clears the place and ends the process.
fn clear_when_interrupted(out: PathBuf, fetched: PathBuf, claim: Arc<Mutex<Claim>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (ready, is_ready) = mpsc::channel();
    thread::spawn(move || {
        runtime.block_on(async {
            let mut interrupted = pin!(shutdown());
            let waits = async {
                let _ = ready.send(());
                std::future::pending::<()>().await;
            };
            tokio::select! {
                // The handlers are installed before this message, and the run begins after it, so that a signal during the run
                // no longer has its default effect.
                biased;
                () = &mut interrupted => {}
                () = waits => {}
            }
        });
        let mut claim = claim.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = claim.take() {
            clear(&out, &fetched);
            drop(lock);
            note("interrupted");
        }
        process::exit(INTERRUPTED)
    });
    // An error means that a signal has come already. The thread then ends the process.
    let _ = is_ready.recv();
    Ok(())
}
