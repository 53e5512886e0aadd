//! Work that several threads share.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::RowsError;

/// Calls `each` with every one of `all`, on at most `threads` threads. Each thread has a worker of its own, which is given
/// back in the end.
pub(in crate::tables) fn each_of<T: Sync, W: Send>(
    all: &[T],
    threads: usize,
    make: impl Fn() -> W + Sync,
    each: impl Fn(&mut W, &T) -> Result<(), RowsError> + Sync,
) -> Result<Vec<W>, RowsError> {
    let next = AtomicUsize::new(0);
    let failure = Mutex::new(None);
    let fail = |error| {
        // The others stop at their next one.
        next.store(all.len(), Ordering::Relaxed);
        failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    };
    let workers = thread::scope(|scope| {
        let work = || {
            let mut worker = make();
            while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                if let Err(error) = each(&mut worker, one) {
                    fail(error);
                    break;
                }
            }
            worker
        };
        let threads: Vec<_> = (0..threads.clamp(1, all.len().max(1))).map(|_| scope.spawn(work)).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, W>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect()
    });
    failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(workers), Err)
}
