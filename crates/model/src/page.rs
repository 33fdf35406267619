//! Pages of a list: what every `page` gives.
//!
//! Lists go on after a position (keyset), never at an offset: a row that comes or goes in the meantime makes
//! nobody see another row twice, and the hundredth page costs what the first does.

/// One page, and where the next one goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T, P> {
    /// The rows, in the list's order.
    pub data: Vec<T>,
    /// The position of the last row here, if there are more behind it.
    pub next: Option<P>,
}

impl<T, P> Page<T, P> {
    /// Makes a page of `limit` rows out of up to `limit + 1`: the one too many says that there are more.
    pub(crate) fn cut(mut data: Vec<T>, limit: u32, position: impl FnOnce(&T) -> P) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = data.len() > limit;
        data.truncate(limit);
        let next = data.last().filter(|_| more).map(position);
        Self { data, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_row_too_many_promises_a_next_page() {
        let cut = |rows: &[i32]| Page::cut(rows.to_vec(), 2, |row| *row);
        assert_eq!(cut(&[]), Page { data: vec![], next: None });
        assert_eq!(cut(&[1, 2]), Page { data: vec![1, 2], next: None });
        assert_eq!(cut(&[1, 2, 3]), Page { data: vec![1, 2], next: Some(2) });
    }
}
