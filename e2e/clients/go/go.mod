module bluesonde.test/clients

// Debian 12 has Go 1.19, and 0.26.0 is the last golang.org/x/oauth2 that it can build.
go 1.19

require golang.org/x/oauth2 v0.26.0
