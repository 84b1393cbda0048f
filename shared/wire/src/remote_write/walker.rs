//! What both versions do with a series once its labels are read.

use super::{Contents, Exemplar, Histogram, Judge, Judged, labels::LabelReader, sample::sample};
use crate::protobuf::{
    ProtobufError, Reader, Tag,
    place::{Fields, Message},
};

/// What differs between the versions, of a series' parts.
pub(super) trait Version {
    /// What a field of a series holds.
    fn part(number: u32) -> Part;
    /// Reads an exemplar.
    fn exemplar(&self, message: &[u8]) -> Result<Exemplar, ProtobufError>;
    /// Checks metadata that belongs to the series.
    fn metadata(&self, message: &[u8]) -> Result<(), ProtobufError>;
}

/// What a field of a series holds.
pub(super) enum Part {
    Sample,
    Histogram,
    Exemplar,
    Metadata,
    Other,
}

pub(super) struct Walker<'w, 'a, J: Judge> {
    pub(super) judge: &'w mut J,
    pub(super) labels: LabelReader<'a, J::Name>,
    pub(super) judged: Judged,
}

impl<'w, 'a, J: Judge> Walker<'w, 'a, J> {
    pub(super) fn new(judge: &'w mut J) -> Self {
        Self { judge, labels: LabelReader::new(), judged: Judged::default() }
    }

    /// Judges the series whose labels were read last, and which has a sample of this time and nothing else that can be
    /// kept or cut. Nearly all are so.
    #[inline]
    pub(super) fn single(&mut self, message: &Message<'a>, millis: i64) {
        const SINGLE: Contents = Contents { series: 1, samples: 1, ..Contents::NONE };
        let labels = self.labels.end(self.judge.most_labels());
        self.judged.sent.add(SINGLE);
        self.judged.note_time(millis);
        if self.judge.series(labels) && self.judge.sample(labels, millis) && self.judge.active(labels) {
            self.judged.kept.add(SINGLE);
        } else {
            self.judged.patch.cut(message.whole.clone());
        }
    }

    /// Judges the series whose labels were read last. `fields` may leave out labels.
    pub(super) fn series(
        &mut self,
        message: &Message<'a>,
        fields: Fields<'a>,
        version: &impl Version,
    ) -> Result<(), ProtobufError> {
        let keep = self.judge.series(self.labels.end(self.judge.most_labels()));
        let before = self.judged.patch.mark();
        let (sent, mut kept) = self.parts(fields, keep, version)?;
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
            _ => self.judge.active(self.labels.labels()),
        }
    }

    /// Walks the parts; returns how many there were, and how many are kept.
    fn parts(
        &mut self,
        mut fields: Fields<'a>,
        keep: bool,
        version: &impl Version,
    ) -> Result<(Contents, Contents), ProtobufError> {
        let (mut sent, mut kept) = (Contents { series: 1, ..Contents::NONE }, Contents::NONE);
        let mark = self.judged.patch.mark();
        while let Some(tag) = fields.tag()? {
            let Some((part, stays)) = self.part(tag, &mut fields.reader, keep, version)? else { continue };
            sent.add(part);
            if stays {
                kept.add(part);
            } else if keep {
                self.judged.patch.cut_since(mark, fields.whole());
            }
        }
        Ok((sent, kept))
    }

    /// What a field adds to the series, and whether it is kept; `None` if it is none of what can be kept or cut.
    #[inline]
    fn part<V: Version>(
        &mut self,
        tag: Tag,
        reader: &mut Reader<'_>,
        keep: bool,
        version: &V,
    ) -> Result<Option<(Contents, bool)>, ProtobufError> {
        let labels = self.labels.labels();
        Ok(Some(match V::part(tag.number()) {
            Part::Sample => {
                let millis = sample(reader.bytes(tag)?)?;
                self.judged.note_time(millis);
                (Contents { samples: 1, ..Contents::NONE }, keep && self.judge.sample(labels, millis))
            }
            Part::Histogram => {
                let histogram = Histogram::read(reader.bytes(tag)?)?;
                self.judged.note_time(histogram.millis);
                (Contents { histograms: 1, ..Contents::NONE }, keep && self.judge.histogram(labels, &histogram))
            }
            Part::Exemplar => {
                let exemplar = version.exemplar(reader.bytes(tag)?)?;
                (Contents { exemplars: 1, ..Contents::NONE }, keep && self.judge.exemplar(labels, &exemplar))
            }
            Part::Metadata => {
                version.metadata(reader.bytes(tag)?)?;
                return Ok(None);
            }
            Part::Other => {
                reader.skip(tag)?;
                return Ok(None);
            }
        }))
    }
}
