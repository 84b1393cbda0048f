//! Paying for a push, and what is paid for one that nobody stores.

use super::{
    Meter, Ports,
    account::{Account, Paid, Receipt},
    chosen,
};
use crate::{
    active::view::View,
    amount::Amount,
    usage::{Reason, collect::Collected},
};
use cockpit_core::{Refusal, ports::StoreError};

impl<P: Ports> Meter<'_, P> {
    /// Pays for a push of this many units, or refuses it. What is new of it is active from then on.
    pub async fn pay(&self, units: u64) -> Result<(), Refusal> {
        let need = Amount::push(units.max(1));
        self.charge(self.accounts().try_for_each(|account| account.could_ever_hold(need.units, self.unit()))).await?;
        self.pay_for(need).await?;
        self.with_view((), View::commit);
        Ok(())
    }

    /// Pays for a push that is not stored, such as one to explain: nothing of it becomes active.
    pub async fn pay_request(&self) -> Result<(), Refusal> {
        self.with_view((), View::release);
        self.pay_for(Amount::request()).await
    }

    /// Passes on what came of reading a push. One that its sender got wrong is paid for as a push, and noted: to read it
    /// has cost as much as any other.
    pub async fn charge<T>(&self, read: Result<T, Refusal>) -> Result<T, Refusal> {
        if read.as_ref().is_err_and(|refusal| refusal.status().is_client_error()) {
            self.pay_request().await?;
            self.note(Reason::Invalid, 1).await;
        }
        read
    }

    /// Takes back the units of a push that the backend did not take: it is sent again, and paid for again.
    pub fn refund(&self) {
        self.receipts.take().into_iter().for_each(Receipt::refund);
    }

    /// Pays out of each account, or out of none.
    async fn pay_for(&self, need: Amount) -> Result<(), Refusal> {
        self.waiting.take();
        let mut receipts = Vec::new();
        for account in self.accounts() {
            match self.pay_from(account, need).await {
                Ok(receipt) => receipts.extend(receipt),
                Err(refusal) => {
                    receipts.into_iter().for_each(Receipt::give_back);
                    return Err(refusal);
                }
            }
        }
        self.receipts.borrow_mut().extend(receipts);
        Ok(())
    }

    /// Pays out of one account. There is no receipt for what is let in because the store fails.
    async fn pay_from(&self, account: &Account, need: Amount) -> Result<Option<Receipt>, Refusal> {
        if let Err(cause) = self.reach(account).await {
            return self.without(self.rules.rates, cause).map(|()| None);
        }
        match account.pay(self.ports, need, self.entries.life(&account.entry)).await {
            Ok(Paid::Admitted { receipt, asked, opened }) => {
                if opened {
                    self.collect(account).await;
                }
                if asked {
                    self.look_again().await;
                }
                Ok(Some(receipt))
            }
            Ok(Paid::Refused) => Err(self.throttled(account).await),
            Err(cause) => self.without(self.rules.rates, cause).map(|()| None),
        }
    }

    /// Makes sure that what is counted now will be found.
    pub(super) async fn reach(&self, account: &Account) -> Result<(), StoreError> {
        self.remember(account, account.reach(self.ports, self.active()).await?);
        Ok(())
    }

    /// Folds past minutes into the usage.
    async fn collect(&self, account: &Account) {
        let collected = account.collect(self.ports, self.active()).await;
        self.log(collected.map(|collected| self.remember(account, collected)));
    }

    fn remember(&self, account: &Account, collected: Collected) {
        match collected {
            Collected::Minutes(minutes) if !account.is_token() => account.entry.bring(minutes),
            Collected::Minutes(_) | Collected::Nothing => {}
            Collected::Unreadable(cause) => {
                self.ports.line(&format!("usage of {} is lost until that is mended: {cause}", account.sender));
            }
        }
    }

    /// Reads what the Cockpit has chosen again, if that is old. It is time for that when the store is asked anyway.
    async fn look_again(&self) {
        let looked = chosen::look_again(self.ports, self.owner, self.signal, &self.cockpit.entry).await;
        self.log(looked);
    }

    /// The refusal because of a rate; it is noted. It may be the last that the instance sees of a push.
    pub(super) async fn throttled(&self, account: &Account) -> Refusal {
        self.note(if account.is_token() { Reason::TokenRate } else { Reason::Rate }, 1).await;
        self.share().await;
        let jitter = self.jitter(0, account.rate.window / 2);
        Refusal::Throttled(account.throttle(self.ports.now(), self.unit(), jitter))
    }
}
