//! A newcomer's first minute: `scripts/up`, and the lines it says to try.

use super::{
    client::Client,
    process::{Process, free_port, fresh_folder},
};
use crate::tree;
use std::{fs, os::unix::fs::PermissionsExt, process::Command};

#[test]
fn up_starts_everything_says_what_to_try_and_stops_cleanly() {
    let (folder, listen) = (fresh_folder("quickstart"), format!("127.0.0.1:{}", free_port()));
    let mut command = Command::new(tree::root().join("scripts/up"));
    command.args(["--listen", &listen, "--state-dir"]).arg(&folder).env_remove("SPIN_VARIABLE_ADMIN_KEY");
    let mut up = Process::start(&mut command, "scripts/up");
    let lines = up.lines_until(|line| line.starts_with("ready "));
    assert_eq!(lines.last().unwrap(), &format!("ready http://{listen}"));

    let key = fs::read_to_string(folder.join("admin_key")).unwrap();
    assert_eq!(fs::metadata(folder.join("admin_key")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(lines.iter().any(|line| line.contains(key.trim())), "the new key is shown once");
    let stand_ins = lines.iter().filter(|line| line.contains("a stand-in")).count();
    assert_eq!(stand_ins, 4, "{lines:#?}");

    let curls: Vec<_> = lines.iter().map(|line| line.trim()).filter(|line| line.starts_with("curl ")).collect();
    assert_eq!(curls.len(), 3, "{lines:#?}");
    assert!(run(curls[0]).contains("\"status\":\"ready\""));
    let token: serde_json::Value = serde_json::from_str(&run(curls[1])).unwrap();
    let query = curls[2].replace("SECRET", token["secret_key"].as_str().unwrap());
    assert!(run(&query).contains("\"status\":\"success\""), "{query}");

    assert_eq!(up.stop("-INT"), Some(0));
    let url = format!("http://{listen}/-/healthy");
    assert!(Client::default().attempt(&http::Method::GET, &url, &[], b"").is_none(), "it still answers");
}

fn run(line: &str) -> String {
    let output = Command::new("bash").args(["-c", line]).current_dir(tree::root()).output().unwrap();
    assert!(output.status.success(), "{line}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}
