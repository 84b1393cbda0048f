//! How much senders are told is written, of everything that a push may hold.

use super::{VERSION_1, VERSION_2, push_raw};
use crate::{
    flow::World,
    messages::{NOW_MILLIS as NOW, exemplar, field, histogram, label, sample, series, unsnappy, version_2},
};
use cockpit_core::Body;
use http::{HeaderName, HeaderValue, Response};

/// The good and the bad of what a series may have, each with its field of version 1.0 and of 2.0.
struct Part {
    field: [u8; 2],
    good: [Vec<u8>; 2],
    bad: [Vec<u8>; 2],
    /// What the sender is told of the bad one, if anything.
    check: &'static str,
    /// Samples, histograms and exemplars, if the backend has stored the good one of three.
    written: [&'static str; 3],
}

fn parts() -> [Part; 3] {
    let both = |message: Vec<u8>| [message.clone(), message];
    let traced = trace().map(|labels| [labels, exemplar(NOW)].concat());
    [
        Part {
            field: [2, 2],
            good: both(sample(NOW)),
            bad: both(sample(NOW + 3_600_000)),
            check: "1 of 2 samples stored; 1 too-far-in-future: ",
            written: ["1", "0", "0"],
        },
        Part {
            field: [4, 3],
            good: both(histogram(NOW, &[1])),
            bad: both(histogram(NOW, &[1, 1])),
            check: "1 of 2 samples stored; 1 native-histogram-count-mismatch: ",
            written: ["0", "1", "0"],
        },
        // Who is told nothing has nothing to complain of: the bad ones count as received, as they do at Mimir.
        Part { field: [3, 4], good: traced, bad: both(exemplar(NOW)), check: "", written: ["0", "0", "3"] },
    ]
}

/// The label of an exemplar, in each version.
fn trace() -> [Vec<u8>; 2] {
    [label("trace", b"x"), field(1, &[3, 4])]
}

/// A series of the metric `up` with these parts, in this version.
fn with_parts(version: usize, parts: &[&[u8]], number: u8) -> Vec<u8> {
    let parts = parts.iter().flat_map(|part| field(number, part));
    request(version, &named(version).into_iter().chain(parts).collect::<Vec<_>>())
}

/// The label of the metric `up`.
fn named(version: usize) -> Vec<u8> {
    if version == 0 { label("__name__", b"up") } else { field(1, &[1, 2]) }
}

/// A request of this series.
fn request(version: usize, series: &[u8]) -> Vec<u8> {
    match version {
        0 => field(1, series),
        _ => {
            let symbols = ["", "__name__", "up", "trace", "x"].iter().flat_map(|text| field(4, text.as_bytes()));
            symbols.chain(field(5, series)).collect()
        }
    }
}

#[test]
fn of_every_kind_of_part_the_bad_are_cut_and_the_good_are_counted() {
    let world = World::new();
    for (version, header) in [VERSION_1, VERSION_2].into_iter().enumerate() {
        for part in parts() {
            let (number, good, bad) = (part.field[version], &part.good[version], &part.bad[version]);
            let (whole, left) = (with_parts(version, &[bad, good, bad], number), with_parts(version, &[good], number));
            world.fake.upstream.answer(Ok(counting(part.written.map(|count| if count == "0" { "0" } else { "1" }))));
            let pushed = push_raw(&world, header, &whole);
            let text = pushed.text().replace("1 of 3", "1 of 2").replace("; 2 ", "; 1 ");
            assert_eq!(pushed.answer.status, if part.check.is_empty() { 200 } else { 400 }, "{text}");
            assert!(text.starts_with(part.check), "{text}");
            assert_eq!(pushed.written(), part.written.map(Some), "{text}");
            assert_eq!(unsnappy(pushed.body()), left, "{text}");
        }
    }
}

#[test]
fn exemplars_cut_without_a_word_count_as_written_whatever_becomes_of_the_rest() {
    let world = World::new();
    for (version, header) in [VERSION_1, VERSION_2].into_iter().enumerate() {
        let [samples, _, exemplars] = parts();
        let part = |part: &Part, is_good| {
            let bytes = if is_good { &part.good } else { &part.bad };
            field(part.field[version], &bytes[version])
        };
        let (good, bad) = (part(&samples, true), part(&samples, false));
        let (kept, silent) = (part(&exemplars, true), part(&exemplars, false));
        let (named, nameless) = (named(version), trace()[version].clone());
        for (series, stored, status, written) in [
            ([&named[..], &silent, &silent].concat(), ["0", "0", "0"], (200, true), ["0", "0", "2"]),
            ([&named[..], &good, &silent, &kept].concat(), ["1", "0", "1"], (200, true), ["1", "0", "2"]),
            ([&named[..], &good, &bad, &silent, &kept].concat(), ["1", "0", "1"], (400, true), ["1", "0", "2"]),
            ([&named[..], &bad, &silent].concat(), ["0", "0", "0"], (400, false), ["0", "0", "1"]),
            ([&nameless[..], &good, &kept].concat(), ["0", "0", "0"], (400, false), ["0", "0", "0"]),
        ] {
            world.fake.upstream.forget_answers();
            world.fake.upstream.answer(Ok(counting(stored)));
            let pushed = push_raw(&world, header, &request(version, &series));
            assert_eq!((pushed.status(), pushed.written()), (status, written.map(Some)), "{}", pushed.text());
        }
    }
}

/// The answer of a backend that says how many samples, histograms and exemplars it has written, if it says so.
fn counting<const N: usize>(written: [&'static str; N]) -> Response<Body> {
    let mut answer = Response::new(Body::Empty);
    let headers =
        ["samples", "histograms", "exemplars"].map(|what| format!("x-prometheus-remote-write-{what}-written"));
    let told =
        headers.iter().zip(written).map(|(name, count)| (name.parse().unwrap(), HeaderValue::from_static(count)));
    answer.headers_mut().extend::<Vec<(HeaderName, _)>>(told.collect());
    answer
}

#[test]
fn of_version_2_only_the_backend_can_say_what_is_written() {
    let world = World::new();
    let version_1 = [series(&[("a", "b")], &[NOW]), series(&[("__name__", "up")], &[NOW])];
    let version_2 = [NOW + 3_600_000, NOW].map(|time| version_2(&["", "__name__", "up"], &[1, 2], &[time]));
    let [one, two] = [version_1, version_2].map(|[bad, good]| (good.clone(), [bad, good].concat()));
    let silent = || Response::new(Body::Empty);
    for (sent, version, request, answer, want) in [
        ("good", VERSION_1, &one.0, silent(), Some(["1", "0", "0"])),
        ("part", VERSION_1, &one.1, silent(), Some(["1", "0", "0"])),
        ("good", VERSION_1, &one.0, counting(["0", "0", "0"]), Some(["0", "0", "0"])),
        ("part", VERSION_1, &one.1, counting(["0", "0", "0"]), Some(["0", "0", "0"])),
        ("good", VERSION_2, &two.0, silent(), None),
        ("part", VERSION_2, &two.1, silent(), Some(["0", "0", "0"])),
        ("good", VERSION_2, &two.0, counting(["1", "0", "0"]), Some(["1", "0", "0"])),
        ("part", VERSION_2, &two.1, counting(["1", "0", "0"]), Some(["1", "0", "0"])),
        ("good", VERSION_2, &two.0, counting(["1"]), Some(["1", "0", "0"])),
        ("part", VERSION_2, &two.1, counting(["1"]), Some(["1", "0", "0"])),
    ] {
        let told = format!("{sent} {version:?} {:?}", answer.headers());
        world.fake.upstream.answer(Ok(answer));
        let pushed = push_raw(&world, version, request);
        assert_eq!(pushed.status(), (if sent == "good" { 200 } else { 400 }, true), "{told}");
        assert_eq!(pushed.written(), want.map_or([None; 3], |written| written.map(Some)), "{told}");
        let stored = want.map_or("", |[samples, ..]| samples);
        assert_eq!(pushed.text().starts_with(&format!("{stored} of 2 samples")), sent == "part", "{told}");
    }
}
