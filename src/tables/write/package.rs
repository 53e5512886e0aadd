//! `datapackage.json`: what is in a folder, after Frictionless's Data Package standard (version 1).

use std::{
    collections::HashSet,
    fs::File,
    io::{self, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use serde::{
    Deserialize, Serialize, Serializer,
    ser::{Error as _, SerializeSeq},
};
use serde_json::{Value, json};

use super::{Field, FileOptions, Format, TableFile, with_local_fields};
use crate::{
    event::Timestamp,
    tables::{column::ColumnType, schema::Table, wide::WideTables},
};

/// The file's name.
pub(super) const NAME: &str = "datapackage.json";
/// By which an export of ours is told from other packages.
const GENERATOR: &str = "kaizala export";

/// The description of an export.
#[derive(Serialize)]
struct Package<'a> {
    profile: &'a str,
    name: &'a str,
    title: &'a str,
    created: String,
    generator: &'a str,
    resources: Resources<'a>,
}

struct Resources<'a> {
    options: &'a FileOptions,
    files: &'a [TableFile],
    wide: Option<&'a WideTables>,
}

/// Describes an export in its folder.
pub(super) fn describe(
    folder: &Path,
    options: &FileOptions,
    files: &[TableFile],
    wide: Option<&WideTables>,
    created: Timestamp,
) -> io::Result<()> {
    let package = Package {
        profile: "tabular-data-package",
        name: "kaizala-events",
        title: "Kaizala events as tables",
        created: created.to_string(),
        generator: GENERATOR,
        resources: Resources { options, files, wide },
    };
    let mut file = BufWriter::new(File::create(folder.join(NAME))?);
    serde_json::to_writer_pretty(&mut file, &package)?;
    file.write_all(b"\n")?;
    file.flush()
}

impl Serialize for Resources<'_> {
    /// One after the other: there may be very many wide tables.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for file in self.files {
            list.serialize_element(&resource(self.options, file))?;
        }
        if let Some(wide) = self.wide {
            for described in wide.described().map_err(S::Error::custom)? {
                list.serialize_element(&described.map_err(S::Error::custom)?)?;
            }
        }
        list.end()
    }
}

/// The files of an export that is in a folder.
pub(super) struct Written {
    folder: PathBuf,
    paths: HashSet<PathBuf>,
}

impl Written {
    /// Looks up what an export of ours has written into a folder.
    pub(super) fn into_folder(folder: &Path) -> Self {
        #[derive(Deserialize)]
        struct Package {
            generator: String,
            resources: Vec<Resource>,
        }
        #[derive(Deserialize)]
        struct Resource {
            path: PathBuf,
        }
        let package = File::open(folder.join(NAME)).ok();
        let package = package.and_then(|file| serde_json::from_reader::<_, Package>(BufReader::new(file)).ok());
        let mut paths = HashSet::new();
        if let Some(package) = package.filter(|package| package.generator == GENERATOR) {
            paths.insert(PathBuf::from(NAME));
            for Resource { path } in package.resources {
                paths.extend(path.parent().filter(|folder| *folder != Path::new("")).map(Path::to_owned));
                paths.insert(path);
            }
        }
        Self { folder: folder.to_owned(), paths }
    }

    /// Whether a file, or a folder, belongs to the export.
    pub(super) fn has(&self, path: &Path) -> bool {
        path.strip_prefix(&self.folder).is_ok_and(|path| self.paths.contains(path))
    }
}

/// A file that is described.
pub(in crate::tables) struct Resource<'a> {
    /// Its name among all: small letters, digits, `.`, `-` and `_`.
    pub(in crate::tables) name: &'a str,
    /// What it is called by people.
    pub(in crate::tables) title: String,
    pub(in crate::tables) description: &'a str,
    /// Where it is in the folder, with `/` on every system.
    pub(in crate::tables) path: &'a str,
    pub(in crate::tables) rows: u64,
    pub(in crate::tables) bytes: u64,
    pub(in crate::tables) fields: &'a [Field],
}

impl Resource<'_> {
    /// The description.
    pub(in crate::tables) fn json(&self, format: Format) -> Value {
        let mut resource = json!({
            "profile": "tabular-data-resource",
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "path": self.path,
            "format": format.name(),
            "mediatype": format.media_type(),
            "bytes": self.bytes,
            "rowCount": self.rows,
            "schema": {
                "fields": self.fields.iter().map(field).collect::<Vec<_>>(),
                "missingValues": [""],
            },
        });
        if format != Format::Parquet {
            resource["encoding"] = json!("utf-8");
        }
        resource
    }
}

fn resource(options: &FileOptions, file: &TableFile) -> Value {
    Resource {
        name: &file.table.name().replace('_', "-"),
        title: file.table.name().to_owned(),
        description: file.table.description(),
        path: &file_name(options.format, file.table),
        rows: file.rows,
        bytes: file.bytes,
        fields: &fields(options, file.table),
    }
    .json(options.format)
}

/// The columns of a table's file.
pub(super) fn fields(options: &FileOptions, table: Table) -> Vec<Field> {
    with_local_fields(table.columns().iter().map(Field::of).collect(), options.zone.as_ref())
}

/// The name of a table's file.
pub(super) fn file_name(format: Format, table: Table) -> String {
    format!("{}.{}", table.name(), format.name())
}

fn field(field: &Field) -> Value {
    let (field_type, format) = match field.column_type {
        ColumnType::Text => ("string", None),
        ColumnType::Integer => ("integer", None),
        ColumnType::Number => ("number", None),
        ColumnType::Boolean => ("boolean", None),
        // RFC 3339, with milliseconds; a local time without an offset.
        ColumnType::Time | ColumnType::LocalTime => ("datetime", Some("any")),
        ColumnType::LocalDay => ("date", None),
    };
    let mut json = json!({ "name": field.name, "type": field_type, "description": field.description });
    if let Some(format) = format {
        json["format"] = json!(format);
    }
    if let Some(title) = &field.title {
        json["title"] = json!(title);
    }
    json
}
