//! Where programs keep a user's files, by the XDG base directory specification.

use std::{env, path::PathBuf};

/// The folder that an environment variable such as `XDG_STATE_HOME` names, or else its default in the home folder. `None`
/// without either. As the specification wants it, a path that is not absolute is ignored.
pub fn xdg_folder(variable: &str, default_in_home: &str) -> Option<PathBuf> {
    let folder = |variable| env::var_os(variable).map(PathBuf::from);
    let named = folder(variable).filter(|path| path.is_absolute());
    named.or_else(|| Some(folder("HOME").filter(|home| !home.as_os_str().is_empty())?.join(default_in_home)))
}
