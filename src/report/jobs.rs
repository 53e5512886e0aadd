//! Which assignments of jobs are open, and which are done.

use std::collections::HashMap;

use super::{
    counts::{Cell, Counts},
    hash::hash,
    newest::{Arrived, Newest},
};
use crate::event::Timestamp;

/// All assignments, by a hash of the job's id and the assignee's key in [`Known`](super::who::Known).
#[derive(Default)]
pub(super) struct Jobs(HashMap<(Option<u64>, Option<u64>), Assignment>);

/// An assignment that is not done.
pub(super) struct Open {
    /// The hash of the job's id.
    pub(super) job: Option<u64>,
    pub(super) cell: Cell,
    /// The assignee's key in [`Known`](super::who::Known).
    pub(super) assignee: Option<u64>,
    pub(super) due: Option<Timestamp>,
    pub(super) is_late: bool,
}

#[derive(Default)]
struct Assignment {
    /// From the job itself: the cell in which the assignment counts, and when it is due.
    assigned: Option<Newest<(Cell, Option<Timestamp>)>>,
    /// From the newest answer: the cell in which the assignment counts if the job itself is not among the events, and whether the
    /// assignment is done.
    answered: Option<Newest<(Cell, bool)>>,
}

impl Jobs {
    pub(super) fn assigned(
        &mut self,
        at: Arrived,
        cell: Cell,
        job: Option<&str>,
        assignee: Option<u64>,
        due: Option<Timestamp>,
    ) {
        Newest::put(&mut self.assignment(job, assignee).assigned, at, || (cell, due));
    }

    pub(super) fn answered(
        &mut self,
        at: Arrived,
        cell: Cell,
        job: Option<&str>,
        assignee: Option<u64>,
        is_completed: Option<bool>,
    ) {
        Newest::put(&mut self.assignment(job, assignee).answered, at, || (cell, is_completed == Some(true)));
    }

    fn assignment(&mut self, job: Option<&str>, assignee: Option<u64>) -> &mut Assignment {
        self.0.entry((job.map(hash), assignee)).or_default()
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (key, other) in other.0 {
            let assignment = self.0.entry(key).or_default();
            Newest::merge(&mut assignment.assigned, other.assigned);
            Newest::merge(&mut assignment.answered, other.answered);
        }
    }

    /// Adds the assignments to `counts`, and returns the open ones. An open assignment that was due before `end` is late.
    pub(super) fn finish(self, end: Timestamp, counts: &mut HashMap<Cell, Counts>) -> Vec<Open> {
        let mut open = Vec::new();
        for ((job, assignee), assignment) in self.0 {
            let answer = assignment.answered.map(|answered| answered.value);
            let assigned = assignment.assigned.map(|assigned| assigned.value);
            let Some(cell) = assigned.map(|(cell, _)| cell).or(answer.map(|(cell, _)| cell)) else { continue };
            let counts = counts.entry(cell).or_default();
            counts.assigned += 1;
            if answer.is_some_and(|(_, is_completed)| is_completed) {
                counts.done += 1;
            } else {
                let due = assigned.and_then(|(_, due)| due);
                let is_late = due.is_some_and(|due| due < end);
                counts.late += u32::from(is_late);
                open.push(Open { job, cell, assignee, due, is_late });
            }
        }
        open
    }
}
