//! The memory of an instance: a component's own, which lives as long as the instance.

use crate::Host;
use cockpit_core::{memory::Shelf, ports::Memory};
use std::rc::Rc;

thread_local! {
    static SHELF: Shelf = Shelf::default();
}

impl Memory for Host {
    fn recall<T: Default + 'static>(&self) -> Rc<T> {
        SHELF.with(Shelf::recall)
    }
}
