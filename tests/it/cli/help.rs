//! What every command of `kaizala` has: help with an example, JSON, options that come from the environment as well.

use std::process::Command;

use crate::support::process::run;

fn kaizala(arguments: &[&str]) -> (i32, String) {
    // So wide that nothing wraps.
    kaizala_with(arguments, &[("COLUMNS", "1000")])
}

fn kaizala_with(arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaizala"));
    let output = run(command.args(arguments).env_clear().envs(environment.iter().copied()), b"");
    (output.status.code().expect("it exits"), String::from_utf8(output.stdout).expect("it prints text"))
}

/// The commands that a command's help lists.
fn subcommands(path: &[&str]) -> Vec<String> {
    let (_, help) = kaizala(&[path, &["--help"]].concat());
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// Every command that does something.
fn commands() -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    for command in subcommands(&[]) {
        let below = subcommands(&[&command]);
        if below.is_empty() {
            commands.push(vec![command]);
        } else {
            commands.extend(below.into_iter().map(|name| vec![command.clone(), name]));
        }
    }
    commands
}

#[test]
fn every_command_has_help_with_an_example() {
    let commands = commands();
    assert!(commands.len() > 15, "{commands:?}");
    for command in commands {
        let arguments: Vec<_> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let (code, help) = kaizala(&arguments);
        assert_eq!(code, 0);
        assert!(help.contains(&format!("Example:\n  kaizala {}", command.join(" "))), "{command:?}: {help}");
    }
}

#[test]
fn every_command_that_tells_something_tells_it_in_json_and_takes_every_option_from_the_environment() {
    for command in commands() {
        // They serve until they are stopped, print what a shell is to read, or write files.
        if ["simulate api", "simulate export", "simulate archive", "completions", "dev"]
            .contains(&command.join(" ").as_str())
        {
            continue;
        }
        let arguments: Vec<_> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let (_, help) = kaizala(&arguments);
        assert!(help.contains("      --json"), "{command:?}");
        let begins = |line: &str| ["      --", "  <", "  ["].iter().any(|start| line.starts_with(start));
        let options = help.lines().filter(|line| begins(line)).count();
        assert_eq!(help.matches("[env: ").count(), options, "{command:?}: {help}");
    }
}

#[test]
fn help_wraps_at_the_width_of_the_terminal() {
    for columns in ["60", "90"] {
        let (_, help) = kaizala_with(&["pull", "--help"], &[("COLUMNS", columns)]);
        let widest = help.lines().filter(|line| !line.starts_with("Usage:")).map(|line| line.chars().count()).max();
        let width: usize = columns.parse().expect("it is a number");
        assert!(widest <= Some(width) && widest > Some(width / 2), "{columns}: {widest:?}\n{help}");
    }
}

#[test]
fn an_option_whose_variable_is_set_does_not_show_as_required() {
    let usage = |environment: &[(&str, &str)]| {
        let (_, help) = kaizala_with(&["events", "list", "--help"], environment);
        help.lines().find(|line| line.starts_with("Usage:")).expect("there is one").to_owned()
    };
    assert!(usage(&[]).contains("--group <GROUP>"));
    assert_eq!(usage(&[("KAIZALA_GROUP", "g")]), "Usage: kaizala events list [OPTIONS]");

    let mut command = Command::new(env!("CARGO_BIN_EXE_kaizala"));
    let wrong =
        run(command.args(["events", "list"]).env_clear().env("TABLE_NAME", "t").env("KAIZALA_JSON", "true"), b"");
    let error = String::from_utf8(wrong.stderr).expect("it prints text");
    assert!(wrong.status.code() == Some(2) && error.contains("--group <GROUP>"), "{error}");
    assert!(!error.contains("--table") && !error.contains("--json"), "{error}");
}

#[test]
fn a_shell_gets_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, script) = kaizala(&["completions", shell]);
        assert!(code == 0 && script.contains("quarantine"), "{shell}");
    }
    assert_eq!(kaizala(&["completions", "no-shell"]).0, 2);
}

#[test]
fn commands_that_need_room_on_the_disk_say_where_and_how_much() {
    for (command, place) in [("export", "beside the folder"), ("report", "TMPDIR")] {
        let (_, help) = kaizala(&[command, "--help"]);
        assert!(help.contains(place) && help.contains("twice the size of the gzipped export"), "{help}");
    }
}
