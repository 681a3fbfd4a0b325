//! Black-box tests over real HTTP.
