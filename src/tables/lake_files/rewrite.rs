//! A file without some of its rows.

use std::{io, str, sync::Arc};

use bytes::Bytes;
use parquet::{
    column::reader::{ColumnReader, ColumnReaderImpl},
    data_type::{ByteArray, ByteArrayType, DataType},
    errors::{ParquetError, Result},
    file::{
        reader::{FileReader, RowGroupReader, SerializedFileReader},
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
};

use super::{EVENT_KEY, properties};
use crate::tables::write::io_error;

/// The columns that tell which item a row comes of.
const KEY: [&str; 2] = ["group_id", EVENT_KEY];

/// The file without the rows of the items whose group and event key `is_gone`; `None` when there are none in it. The file
/// may be an older one, with other columns than today's: it keeps them.
///
/// # Errors
/// If it is not a file of ours.
pub fn without(file: Bytes, is_gone: impl Fn(&str, &str) -> bool) -> io::Result<Option<Vec<u8>>> {
    rewrite(file, is_gone).map_err(io_error)
}

fn rewrite(file: Bytes, is_gone: impl Fn(&str, &str) -> bool) -> Result<Option<Vec<u8>>> {
    let reader = SerializedFileReader::new(file)?;
    let groups = 0..reader.num_row_groups();
    let keep: Vec<_> = groups.map(|at| kept(&*reader.get_row_group(at)?, &is_gone)).collect::<Result<_>>()?;
    if keep.iter().flatten().all(|keep| *keep) {
        return Ok(None);
    }
    let schema = reader.metadata().file_metadata().schema_descr().root_schema_ptr();
    let mut out = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties()))?;
    for (at, keep) in keep.iter().enumerate() {
        if !keep.contains(&true) {
            continue;
        }
        let group = reader.get_row_group(at)?;
        let mut written = out.next_row_group()?;
        let mut columns = 0..;
        while let (Some(mut writer), Some(column)) = (written.next_column()?, columns.next()) {
            copy(group.get_column_reader(column)?, &mut writer, keep)?;
            writer.close()?;
        }
        written.close()?;
    }
    Ok(Some(out.into_inner()?))
}

/// For each row of a row group, whether it stays.
fn kept(group: &dyn RowGroupReader, is_gone: &impl Fn(&str, &str) -> bool) -> Result<Vec<bool>> {
    let rows = usize::try_from(group.metadata().num_rows())?;
    let texts = |name: &str| {
        let at = group.metadata().columns().iter().position(|column| column.column_descr().name() == name);
        let at = at.ok_or_else(|| ParquetError::General(format!("it has no column {name}")))?;
        match group.get_column_reader(at)? {
            // Both are in every row, so that values and rows are the same in number.
            ColumnReader::ByteArrayColumnReader(reader) => read::<ByteArrayType>(reader, rows).map(|(_, texts)| texts),
            _ => Err(ParquetError::General(format!("its column {name} is not text"))),
        }
    };
    let [groups, keys] = KEY.map(texts);
    Ok(groups?.iter().zip(&keys?).map(|(group, key)| !is_gone(text(group), text(key))).collect())
}

fn text(value: &ByteArray) -> &str {
    str::from_utf8(value.data()).unwrap_or_default()
}

/// Whether each of `rows` rows has a value, and the values.
fn read<T: DataType>(mut reader: ColumnReaderImpl<T>, rows: usize) -> Result<(Vec<i16>, Vec<T::T>)> {
    let (mut present, mut values) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
    while present.len() < rows {
        let (read, ..) = reader.read_records(rows - present.len(), Some(&mut present), None, &mut values)?;
        if read == 0 {
            return Err(ParquetError::EOF("a column has fewer values than rows".to_owned()));
        }
    }
    Ok((present, values))
}

fn copy(reader: ColumnReader, writer: &mut SerializedColumnWriter<'_>, keep: &[bool]) -> Result<()> {
    match reader {
        ColumnReader::ByteArrayColumnReader(reader) => copy_typed(reader, writer, keep),
        ColumnReader::Int64ColumnReader(reader) => copy_typed(reader, writer, keep),
        ColumnReader::DoubleColumnReader(reader) => copy_typed(reader, writer, keep),
        ColumnReader::BoolColumnReader(reader) => copy_typed(reader, writer, keep),
        _ => Err(ParquetError::General("it has a column of a type that no table has".to_owned())),
    }
}

fn copy_typed<T: DataType>(
    reader: ColumnReaderImpl<T>,
    writer: &mut SerializedColumnWriter<'_>,
    keep: &[bool],
) -> Result<()> {
    let (present, values) = read(reader, keep.len())?;
    let mut values = values.into_iter();
    let (mut kept_present, mut kept_values) = (Vec::with_capacity(keep.len()), Vec::with_capacity(values.len()));
    for (present, keep) in present.into_iter().zip(keep) {
        let value = if present == 1 { values.next() } else { None };
        if *keep {
            kept_present.push(present);
            kept_values.extend(value);
        }
    }
    writer.typed::<T>().write_batch(&kept_values, Some(&kept_present), None)?;
    Ok(())
}
