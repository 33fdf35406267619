//! A transaction: the only way to the tables.

use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{CachedStatement, Connection};

use crate::chance;
use crate::epoch::Epochs;
use crate::value::{FromColumn, Value, corrupt};
use crate::{Error, Result};

type Hint = Box<dyn FnOnce() + Send>;

/// One transaction, with the instant and the randomness that belong to it.
pub struct Tx<'c> {
    connection: &'c Connection,
    epochs: &'c Epochs,
    now: Timestamp,
    after: After,
}

/// What waits for the commit.
#[derive(Default)]
pub(crate) struct After {
    bumps: Vec<usize>,
    hints: Vec<Hint>,
}

impl After {
    /// Ends the epochs that the transaction touched, then gives the hints.
    pub(crate) fn run(self, epochs: &Epochs) {
        for slot in self.bumps {
            epochs.bump(slot);
        }
        for hint in self.hints {
            hint();
        }
    }
}

impl<'c> Tx<'c> {
    pub(crate) fn new(connection: &'c Connection, epochs: &'c Epochs, now: Timestamp) -> Self {
        Self { connection, epochs, now, after: After::default() }
    }

    pub(crate) fn finish(self) -> After {
        self.after
    }

    /// The instant of this transaction: the same however often it is asked.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// `N` random bytes from the operating system.
    pub fn random<const N: usize>(&self) -> Result<[u8; N]> {
        chance::random()
    }

    /// Says that cached values under `key` end when this transaction commits, before it is acknowledged.
    pub fn bump(&mut self, key: &str) {
        self.after.bumps.push(self.epochs.slot_of(key));
    }

    /// Runs `hint` after the commit. It may be lost (a crash), so nothing may depend on it.
    pub fn after_commit(&mut self, hint: impl FnOnce() + Send + 'static) {
        self.after.hints.push(Box::new(hint));
    }

    /// Runs a statement and gives the number of rows that it changed.
    pub fn execute(&mut self, sql: &str, params: &[Value<'_>]) -> Result<usize> {
        Ok(self.prepare(sql)?.execute(rusqlite::params_from_iter(params))?)
    }

    /// The first row, or none.
    pub fn optional<T>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(params))?;
        match rows.next()? {
            Some(row) => read(&Row(row)).map(Some),
            None => Ok(None),
        }
    }

    /// The first row of a statement that always has one (a count, an aggregate).
    pub fn one<T>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.optional(sql, params, read)?.ok_or_else(|| Error::Statement(format!("no row from: {sql}")))
    }

    /// All rows, in order.
    pub fn all<T>(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut found = Vec::new();
        self.each(sql, params, |row| {
            found.push(read(row)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// Gives each row to `visit` without keeping any.
    pub fn each(
        &mut self,
        sql: &str,
        params: &[Value<'_>],
        mut visit: impl FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(rusqlite::params_from_iter(params))?;
        while let Some(row) = rows.next()? {
            visit(&Row(row))?;
        }
        Ok(())
    }

    /// Prepares the statement once and runs it for each set of parameters.
    pub fn execute_many<'p, P>(&mut self, sql: &str, sets: impl IntoIterator<Item = P>) -> Result<usize>
    where
        P: AsRef<[Value<'p>]>,
    {
        let mut statement = self.prepare(sql)?;
        let mut changed = 0;
        for set in sets {
            changed += statement.execute(rusqlite::params_from_iter(set.as_ref()))?;
        }
        Ok(changed)
    }

    fn prepare(&self, sql: &str) -> Result<CachedStatement<'c>> {
        Ok(self.connection.prepare_cached(sql)?)
    }
}

/// One row of a result; columns are counted from 0.
pub struct Row<'r>(&'r rusqlite::Row<'r>);

impl Row<'_> {
    /// The column as a `T`.
    pub fn get<T: FromColumn>(&self, column: usize) -> Result<T> {
        T::from_column(self.0.get_ref(column)?).map_err(|reason| corrupt(column, reason))
    }

    /// A text column as a type that parses itself (an id, a list of scopes).
    pub fn parse<T: FromStr<Err: Display>>(&self, column: usize) -> Result<T> {
        self.text(column)?.parse().map_err(|reason: T::Err| corrupt(column, reason))
    }

    /// [`Row::parse`] for a column that may be null.
    pub fn parse_optional<T: FromStr<Err: Display>>(&self, column: usize) -> Result<Option<T>> {
        match self.0.get_ref(column)? {
            rusqlite::types::ValueRef::Null => Ok(None),
            _ => self.parse(column).map(Some),
        }
    }

    /// A text column without a copy.
    pub fn text(&self, column: usize) -> Result<&str> {
        self.0.get_ref(column)?.as_str().map_err(|reason| corrupt(column, reason))
    }
}
