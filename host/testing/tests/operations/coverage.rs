//! What the documentation promises, compared with what the snapshots show.

use std::collections::BTreeSet;
use std::path::Path;

/// An operation with the status of an answer.
type Answered = BTreeSet<(String, u16)>;

/// What the OpenAPI documents say of operations and statuses, and what of it `every` holds them to.
fn documented() -> (Answered, Answered) {
    let documents = [keyway_web::openapi(), keyway_web::operators_openapi()];
    let documents = documents.map(|document| serde_json::to_value(document).unwrap());
    let (mut found, mut elsewhere) = (Answered::new(), Answered::new());
    for (path, item) in documents.iter().flat_map(|document| document["paths"].as_object().unwrap()) {
        for (method, operation) in item.as_object().unwrap() {
            // `every` has what an address must not hold, which is all that an operation refuses so that reads no body and no query.
            let bodies = operation["requestBody"]["content"].as_object().into_iter().flat_map(serde_json::Map::keys);
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let takes_nothing = bodies.clone().all(|kind| kind == "application/wasm")
                && parameters.clone().all(|parameter| parameter["in"] == "path");
            let statuses = operation["responses"].as_object().into_iter().flat_map(serde_json::Map::keys);
            for status in statuses {
                let answer = (format!("{} {path}", method.to_uppercase()), status.parse().unwrap());
                if takes_nothing && answer.1 == 400 {
                    elsewhere.insert(answer.clone());
                }
                found.insert(answer);
            }
        }
    }
    (found, elsewhere)
}

/// Which operation of these a call is: `GET /api/roles/<id 1>` is `GET /api/roles/{id}`.
fn operation<'o>(operations: &BTreeSet<&'o str>, call: &str) -> Option<&'o str> {
    let parts = |text: &str| text.split('?').next().unwrap().split('/').map(str::to_owned).collect::<Vec<_>>();
    let call = parts(call);
    let fits = |operation: &&&str| {
        let pattern = parts(operation);
        pattern.len() == call.len()
            && pattern.iter().zip(&call).all(|(one, other)| one.starts_with('{') || one == other)
    };
    // A path without a parameter goes before one with it.
    operations.iter().filter(fits).min_by_key(|operation| operation.matches('{').count()).copied()
}

/// What the snapshots show.
fn called(operations: &BTreeSet<&str>) -> Answered {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/operations/snapshots");
    let mut found = Answered::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "snap") {
            continue;
        }
        let snapshot = std::fs::read_to_string(&path).unwrap();
        for line in snapshot.lines().filter_map(|line| line.strip_prefix("### ")) {
            let (call, status) = line.rsplit_once(": ").unwrap();
            if let Some(operation) = operation(operations, call) {
                found.insert((operation.to_owned(), status.parse().unwrap()));
            }
        }
    }
    found
}

#[test]
fn every_operation_is_called_for_good_and_for_each_refusal() {
    let (documented, elsewhere) = documented();
    let operations: BTreeSet<&str> = documented.iter().map(|(operation, _)| operation.as_str()).collect();
    let called = called(&operations);
    let list = |answers: BTreeSet<&(String, u16)>| -> BTreeSet<String> {
        answers.into_iter().map(|(operation, status)| format!("{operation}: {status}")).collect()
    };
    // `authorization` has who may call what, and `every` what no body may be.
    let wanted = documented.difference(&elsewhere).filter(|(_, status)| ![401, 403, 415].contains(status));
    let wanted: Answered = wanted.cloned().collect();
    assert_eq!(
        list(wanted.difference(&called).collect()),
        UNREACHED.map(str::to_owned).into(),
        "documented and not called"
    );
    assert_eq!(list(called.difference(&documented).collect()), BTreeSet::new(), "answered and not documented");
}

/// What takes a full disk.
const UNREACHED: [&str; 1] = ["POST /api/connector-factories: 507"];
