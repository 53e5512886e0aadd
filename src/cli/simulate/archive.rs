//! `kaizala simulate archive`: a download of made-up rows, as Kaizala made them.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::PathBuf,
};

use anyhow::Context;
use clap::{Args, ValueEnum};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::{
    cli::output::say,
    simulator::generator::{self, download_rows, write_download},
};

/// Write a download of made-up rows, as Kaizala made them: to try imports and reports without one, and for volume.
///
/// The same seed makes the same rows.
#[derive(Args)]
#[command(after_help = "Example:\n  kaizala simulate archive --rows 1000 --out SurveyResponse.zip\n  \
                        kaizala report --from SurveyResponse.zip --out report.html")]
pub(in crate::cli) struct Archive {
    /// How many rows there are.
    #[arg(long, env = "KAIZALA_SIMULATE_ROWS", default_value_t = 1000)]
    rows: u64,

    /// Number that the rows are made from.
    #[arg(long, env = "KAIZALA_SIMULATE_SEED", default_value_t = 1)]
    seed: u64,

    /// How many groups they are of.
    #[arg(long, env = "KAIZALA_SIMULATE_GROUPS", default_value_t = 1)]
    groups: u64,

    /// What they are: a card's report, or a tenant's messages.
    #[arg(long, env = "KAIZALA_SIMULATE_DOWNLOAD", value_enum, default_value_t = Download::Report)]
    download: Download,

    /// How the file was saved: by Kaizala, by a spreadsheet, with tabs, with semicolons.
    #[arg(long, env = "KAIZALA_SIMULATE_SAVED", value_enum, default_value_t = Saved::Original)]
    saved: Saved,

    /// The file to write: a ZIP if its name ends so, else a CSV.
    #[arg(long, env = "KAIZALA_SIMULATE_OUT", value_name = "FILE")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Download {
    Report,
    Messages,
}

#[derive(Clone, Copy, ValueEnum)]
enum Saved {
    Original,
    Spreadsheet,
    Tabs,
    Semicolons,
}

impl Archive {
    pub(in crate::cli) fn run(self) -> anyhow::Result<()> {
        let failed = || format!("{} cannot be written", self.out.display());
        let mut file = BufWriter::new(File::create(&self.out).with_context(failed)?);
        if self.out.extension().is_some_and(|end| end.eq_ignore_ascii_case("zip")) {
            let member = match self.download {
                Download::Report => "SurveyResponse.csv",
                Download::Messages => "MicrosoftKaizala_TenantMessages.csv",
            };
            let mut zip = ZipWriter::new(file);
            zip.start_file(member, SimpleFileOptions::default().large_file(true)).with_context(failed)?;
            let mut member = BufWriter::new(&mut zip);
            self.write(&mut member).with_context(failed)?;
            drop(member);
            file = zip.finish().with_context(failed)?;
        } else {
            self.write(&mut file).with_context(failed)?;
        }
        file.flush().with_context(failed)?;
        say(format_args!("{} rows in {}", self.rows, self.out.display()))
    }

    fn write(&self, out: &mut impl Write) -> std::io::Result<()> {
        let download = match self.download {
            Download::Report => generator::Download::Report,
            Download::Messages => generator::Download::Messages,
        };
        let saved = match self.saved {
            Saved::Original => generator::Saved::Original,
            Saved::Spreadsheet => generator::Saved::Spreadsheet,
            Saved::Tabs => generator::Saved::Tabs,
            Saved::Semicolons => generator::Saved::Semicolons,
        };
        write_download(out, download, saved, download_rows(self.seed, self.rows, self.groups))?;
        out.flush()
    }
}
