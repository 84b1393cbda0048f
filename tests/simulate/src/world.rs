//! Time that passes only while everybody waits, and the order in which things happen.

use crate::dice::Dice;
use std::{
    cell::{Cell, RefCell},
    cmp::Reverse,
    collections::BinaryHeap,
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

/// Microseconds.
pub(crate) type Micros = u64;

pub(crate) const MILLI: Micros = 1_000;
pub(crate) const SECOND: Micros = 1_000_000;

/// Who runs tasks: an instance, which does nothing else while it waits for the store, and may die.
pub(crate) trait Runner {
    /// The task that keeps it from running others, and until when.
    fn is_kept_by(&self) -> Option<(usize, Micros)>;
    fn is_alive(&self) -> bool;
}

struct Task {
    runner: Option<Rc<dyn Runner>>,
    future: Pin<Box<dyn Future<Output = ()>>>,
}

/// A world.
pub(crate) struct World {
    pub(crate) dice: Dice,
    now: Cell<Micros>,
    agenda: RefCell<BinaryHeap<Reverse<(Micros, u64, usize)>>>,
    noted: Cell<u64>,
    running: Cell<usize>,
    tasks: RefCell<Vec<Option<Task>>>,
    free: RefCell<Vec<usize>>,
}

impl World {
    /// A world that begins at this moment.
    pub(crate) fn new(seed: u64, now: Micros) -> Rc<Self> {
        Rc::new(Self {
            dice: Dice::new(seed),
            now: Cell::new(now),
            agenda: RefCell::default(),
            noted: Cell::new(0),
            running: Cell::new(0),
            tasks: RefCell::default(),
            free: RefCell::default(),
        })
    }

    pub(crate) fn now(&self) -> Micros {
        self.now.get()
    }

    /// The task that runs.
    pub(crate) fn running(&self) -> usize {
        self.running.get()
    }

    pub(crate) async fn sleep(&self, time: Micros) {
        let until = self.now() + time;
        self.wake(until, self.running());
        poll_fn(|_| if self.now() >= until { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    /// Starts a task; it first runs when whoever runs now waits.
    pub(crate) fn spawn(&self, runner: Option<Rc<dyn Runner>>, future: impl Future<Output = ()> + 'static) {
        let task = Some(Task { runner, future: Box::pin(future) });
        let number = self.free.borrow_mut().pop().unwrap_or_else(|| {
            self.tasks.borrow_mut().push(None);
            self.tasks.borrow().len() - 1
        });
        self.tasks.borrow_mut()[number] = task;
        self.wake(self.now(), number);
    }

    /// Lets everything happen that happens until a moment.
    pub(crate) fn run_until(&self, end: Micros) {
        while let Some(Reverse((at, _, number))) = self.next(end) {
            self.now.set(at);
            self.run(number);
        }
        self.now.set(end);
    }

    fn next(&self, end: Micros) -> Option<Reverse<(Micros, u64, usize)>> {
        let mut agenda = self.agenda.borrow_mut();
        agenda.peek().filter(|Reverse((at, ..))| *at <= end)?;
        agenda.pop()
    }

    fn wake(&self, at: Micros, task: usize) {
        self.noted.set(self.noted.get() + 1);
        self.agenda.borrow_mut().push(Reverse((at, self.noted.get(), task)));
    }

    fn run(&self, number: usize) {
        let Some(mut task) = self.tasks.borrow_mut()[number].take() else { return };
        let dead = task.runner.as_ref().is_some_and(|runner| !runner.is_alive());
        let kept = task.runner.as_ref().and_then(|runner| runner.is_kept_by()).filter(|(by, _)| *by != number);
        if let Some((_, until)) = kept.filter(|_| !dead) {
            self.tasks.borrow_mut()[number] = Some(task);
            return self.wake(until.max(self.now()), number);
        }
        self.running.set(number);
        let done = dead || task.future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
        if done {
            drop(task);
            self.free.borrow_mut().push(number);
        } else {
            self.tasks.borrow_mut()[number] = Some(task);
        }
    }
}
