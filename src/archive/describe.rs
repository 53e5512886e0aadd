//! What a file of an unknown format looks like, without a single value of it: for holders to report it.

use std::{
    collections::HashMap,
    convert::Infallible,
    io::{Read, Write as _},
    path::Path,
};

use super::{
    Archive, ArchiveError, FileKind,
    archive_file::header,
    layout::SEPARATORS,
    problem::FileProblem,
    record::{Record, Records},
};

/// How many shapes of a column are told apart, and how many are told.
const MOST_SHAPES: usize = 1000;
const TOLD_SHAPES: usize = 5;
/// The longest shape, in characters.
const LONGEST_SHAPE: usize = 60;
/// What is looked at to find the header.
const HEAD_BYTES: u64 = 256 * 1024;

/// A file of which nothing is told that anybody has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The file.
    pub file: String,
    /// Whether it is of a known format, and what is wrong with it.
    pub what: String,
    /// What separates its values.
    pub separator: char,
    /// Whether it begins with a byte order mark.
    pub has_bom: bool,
    /// How many rows there are.
    pub rows: u64,
    /// How many of them cannot be read, or have more or fewer cells than the header.
    pub odd: u64,
    /// Its columns.
    pub columns: Vec<ColumnShapes>,
}

/// What the values of a column look like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnShapes {
    /// Its heading, masked if it looks like a value.
    pub title: String,
    /// How many cells are empty.
    pub empty: u64,
    /// The most frequent shapes, with how many values have them.
    pub shapes: Vec<(String, u64)>,
    /// How many values have another shape.
    pub others: u64,
}

/// Describes every file of an archive, known or not.
///
/// # Errors
/// When the path cannot be read.
pub fn describe(path: &Path) -> Result<Vec<Description>, ArchiveError> {
    let archive = Archive::look(path)?;
    let mut all: Vec<_> = archive
        .files
        .iter()
        .map(|file| Description {
            file: file.name.clone(),
            what: match &file.kind {
                FileKind::Rows(_) => "a known format".to_owned(),
                FileKind::Unknown => "an unknown format".to_owned(),
                FileKind::Damaged(problem) => problem.to_string(),
            },
            separator: ',',
            has_bom: false,
            rows: 0,
            odd: 0,
            columns: Vec::new(),
        })
        .collect();
    let done: Result<(), Infallible> = super::source::each_file(&archive.sources, |file, opened| {
        if let (Ok(opened), false) = (opened, matches!(archive.files[file].kind, FileKind::Damaged(_)))
            && let Err(problem) = all[file].read(opened)
        {
            all[file].what = problem.to_string();
        }
        Ok(())
    });
    let Ok(()) = done;
    Ok(all)
}

impl Description {
    fn read(&mut self, mut file: &mut dyn Read) -> Result<(), FileProblem> {
        let mut head = Vec::new();
        let failed = |error| super::source::of_reading(&error);
        (&mut file).take(HEAD_BYTES).read_to_end(&mut head).map_err(failed)?;
        if head.contains(&0) {
            "not text".clone_into(&mut self.what);
            return Ok(());
        }
        // The separator with which the first line has the most columns.
        let headers = SEPARATORS.into_iter().filter_map(|separator| Some((separator, header(&head, separator)?)));
        let Some((separator, header)) = headers.rev().max_by_key(|(_, header)| header.len()) else {
            "empty, or without a readable first line".clone_into(&mut self.what);
            return Ok(());
        };
        self.separator = char::from(separator);
        self.has_bom = head.starts_with(b"\xef\xbb\xbf");
        self.columns =
            header.cells().map(|title| ColumnShapes { title: heading(title), ..Default::default() }).collect();
        let mut shapes = vec![HashMap::<String, u64>::new(); header.len()];
        let mut records = Records::new(head.chain(file), separator);
        let mut is_header = true;
        while let Some(record) = records.next().map_err(failed)? {
            match record {
                Ok(record) if record.is_blank() || std::mem::take(&mut is_header) => {}
                Ok(record) => self.row(&record, &mut shapes),
                Err(_) => {
                    self.rows += 1;
                    self.odd += 1;
                }
            }
        }
        for (column, shapes) in self.columns.iter_mut().zip(shapes) {
            let mut shapes: Vec<_> = shapes.into_iter().collect();
            shapes.sort_unstable_by(|(one, count), (other, others)| others.cmp(count).then_with(|| one.cmp(other)));
            column.others += shapes.iter().skip(TOLD_SHAPES).map(|(_, count)| count).sum::<u64>();
            shapes.truncate(TOLD_SHAPES);
            column.shapes = shapes;
        }
        Ok(())
    }

    fn row(&mut self, record: &Record, shapes: &mut [HashMap<String, u64>]) {
        self.rows += 1;
        self.odd += u64::from(record.len() != self.columns.len());
        for ((cell, column), shapes) in record.cells().zip(&mut self.columns).zip(shapes) {
            if cell.is_empty() {
                column.empty += 1;
                continue;
            }
            let shape = shape(cell);
            if shapes.len() < MOST_SHAPES || shapes.contains_key(&shape) {
                *shapes.entry(shape).or_default() += 1;
            } else {
                column.others += 1;
            }
        }
    }
}

/// A heading: what looks like a value, in a file without headings, is masked.
fn heading(text: &str) -> String {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_value = digits >= 5 || text.contains("://") || text.contains('@') || text.trim().parse::<f64>().is_ok();
    if is_value { shape(text) } else { super::problem::clean(text) }
}

/// The kinds of characters of a value, with how many of a kind follow one another: `A` and `a` letters, `9` digits, `_` white
/// space of any kind, `*` what is none of these and no ASCII punctuation.
fn shape(text: &str) -> String {
    let kind = |character: char| match character {
        _ if character.is_uppercase() => 'A',
        _ if character.is_alphabetic() => 'a',
        _ if character.is_numeric() => '9',
        ' ' => ' ',
        _ if character.is_whitespace() => '_',
        _ if character.is_ascii_punctuation() => character,
        _ => '*',
    };
    let mut shape = Vec::new();
    let kinds: Vec<_> = text.chars().take(4 * LONGEST_SHAPE).map(kind).collect();
    for run in kinds.chunk_by(PartialEq::eq) {
        // Writing to a Vec cannot fail.
        let _ = match run {
            [one] => write!(shape, "{one}"),
            run => write!(shape, "{}{{{}}}", run[0], run.len()),
        };
    }
    let shape = String::from_utf8_lossy(&shape);
    let cut: String = shape.chars().take(LONGEST_SHAPE).collect();
    if cut.len() < shape.len() || text.chars().nth(4 * LONGEST_SHAPE).is_some() { format!("{cut}…") } else { cut }
}
