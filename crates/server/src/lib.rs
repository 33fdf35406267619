//! The edge: the only HTTP, the only async, the only binary.

pub mod app;
pub mod callers;
pub mod cli;
pub mod config;
pub mod demo;
pub mod http;
pub mod import;
pub mod mail;
pub mod metrics;
pub mod pepper;
pub mod rates;
pub mod serve;
pub mod throttle;
pub mod views;
pub mod worker;
