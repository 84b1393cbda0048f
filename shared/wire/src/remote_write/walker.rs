//! What both versions do with a series once its labels are read.

use super::{
    Contents, Exemplar, Histogram, Judge, Judged, Labels,
    labels::{LabelReader, Source},
};
use crate::protobuf::{
    ProtobufError, Reader, Value,
    place::{Fields, Message},
};

/// A part of a series that can be kept or cut by itself.
pub(super) enum Part {
    Sample(i64),
    Histogram(Histogram),
    Exemplar(Exemplar),
}

pub(super) struct Walker<'w, 'a, J, S> {
    pub(super) judge: &'w mut J,
    pub(super) labels: LabelReader<'a, S>,
    pub(super) judged: Judged,
}

impl<'w, 'a, J: Judge, S: Source> Walker<'w, 'a, J, S> {
    pub(super) fn new(judge: &'w mut J) -> Self {
        Self { judge, labels: LabelReader::new(), judged: Judged::default() }
    }

    /// Judges the series whose labels were read last. `fields` may leave out labels; `part` knows the schema.
    pub(super) fn series(
        &mut self,
        message: &Message<'a>,
        fields: Fields<'a>,
        part: impl Fn(u32, Value<'a>) -> Result<Option<Part>, ProtobufError>,
    ) -> Result<(), ProtobufError> {
        let keep = self.judge.series(self.labels.end());
        let before = self.judged.patch.mark();
        let (sent, mut kept) = self.parts(fields, keep, part)?;
        if keep && self.stays(sent, kept) {
            kept.series = 1;
            self.judged.kept.add(kept);
            self.judged.patch.resize(before, message.prefix.clone(), message.bytes.len());
        } else {
            self.judged.patch.back_to(before);
            self.judged.patch.cut(message.whole.clone());
        }
        self.judged.sent.add(sent);
        Ok(())
    }

    /// A series that had nothing but exemplars, or nothing at all, stays as it is and is not active.
    fn stays(&mut self, sent: Contents, kept: Contents) -> bool {
        match (sent.values(), kept.values()) {
            (0, _) => true,
            (_, 0) => false,
            _ => self.judge.active(self.labels.end()),
        }
    }

    /// Walks the parts; returns how many there were, and how many are kept.
    fn parts(
        &mut self,
        mut fields: Fields<'a>,
        keep: bool,
        part: impl Fn(u32, Value<'a>) -> Result<Option<Part>, ProtobufError>,
    ) -> Result<(Contents, Contents), ProtobufError> {
        let (mut sent, mut kept) = (Contents { series: 1, ..Contents::default() }, Contents::default());
        let mark = self.judged.patch.mark();
        while let Some(field) = fields.next()? {
            let Some(part) = part(field.number, field.value)? else { continue };
            sent.add(part.contents());
            if keep && part.judge(self.judge, self.labels.end()) {
                kept.add(part.contents());
            } else if keep {
                self.judged.patch.cut_since(mark, field.whole);
            }
        }
        Ok((sent, kept))
    }
}

impl Part {
    const fn contents(&self) -> Contents {
        let mut contents = Contents { series: 0, samples: 0, histograms: 0, exemplars: 0, metadata: 0 };
        match self {
            Self::Sample(_) => contents.samples = 1,
            Self::Histogram(_) => contents.histograms = 1,
            Self::Exemplar(_) => contents.exemplars = 1,
        }
        contents
    }

    fn judge(&self, judge: &mut impl Judge, labels: &Labels<'_>) -> bool {
        match self {
            Self::Sample(millis) => judge.sample(labels, *millis),
            Self::Histogram(histogram) => judge.histogram(labels, histogram),
            Self::Exemplar(exemplar) => judge.exemplar(labels, exemplar),
        }
    }
}

/// A sample, of which only the time is of interest. Version 2 adds when its series began.
pub(super) fn sample(message: &[u8]) -> Result<Part, ProtobufError> {
    let mut millis = 0;
    let mut reader = Reader::new(message);
    while let Some((number, value)) = reader.field()? {
        match number {
            1 => drop(value.double()?),
            2 => millis = value.varint()?.cast_signed(),
            _ => {}
        }
    }
    Ok(Part::Sample(millis))
}
