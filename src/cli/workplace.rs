//! The place that `--out` names: one run at a time works there, and leaves beside it what the next run can go on with, or
//! nothing.

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

/// What a shell says of a program that Ctrl-C has ended.
const INTERRUPTED: i32 = 130;

/// The right of this run to write `--out`.
pub(super) struct Workplace {
    fetched: PathBuf,
    keeps_fetched: Cell<bool>,
    claim: Arc<Mutex<Claim>>,
}

/// The lock of a place, until the run has ended. Whoever has the mutex goes on to the end: the run when it puts its result in
/// place, or the thread that ends it.
type Claim = Option<Lock>;

impl Workplace {
    /// Claims the place, and clears away what a run that was killed has left. From here on, Ctrl-C ends the run without
    /// leaving anything behind.
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

    /// The folder for what has to be fetched. It holds events as they came.
    pub(super) fn fetched(&self) -> &Path {
        &self.fetched
    }

    /// What was fetched is of no use to another run: it is deleted when this one ends, however it ends.
    pub(super) fn keep_nothing(&self) {
        self.keeps_fetched.set(false);
    }

    /// Puts the result in place, which Ctrl-C does not interrupt.
    pub(super) fn publish<T>(&self, put: impl FnOnce() -> T) -> T {
        let _uninterrupted = self.claim.lock().unwrap_or_else(PoisonError::into_inner);
        put()
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        // After Ctrl-C this waits for the end of the process, so that no other error is reported.
        let mut claim = self.claim.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.keeps_fetched.get() {
            delete(&self.fetched);
        }
        claim.take();
    }
}

/// Deletes what a run that goes on writing has put beside its place.
fn clear(out: &Path, fetched: &Path) {
    // What is under another name is out of the run's reach.
    if fs::rename(fetched, doomed(fetched)).is_ok() {
        delete(&doomed(fetched));
    }
    if let Err(error) = files::remove_asides(out) {
        note(format_args!("warning: what was written beside {} cannot be deleted ({error})", out.display()));
    }
}

/// The name under which what was fetched is deleted after Ctrl-C.
fn doomed(fetched: &Path) -> PathBuf {
    fetched.with_added_extension("deleted")
}

fn delete(fetched: &Path) {
    if let Err(error) = files::remove(fetched) {
        note(format_args!("warning: {} cannot be deleted ({error}): delete it, it holds events", fetched.display()));
    }
}

/// Waits on a thread of its own for Ctrl-C or SIGTERM, and ends the process then.
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
                // In this order: the run begins when the signals have lost their default effect.
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
    // An error means that the signal came first, which ends the process.
    let _ = is_ready.recv();
    Ok(())
}
