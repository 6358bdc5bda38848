//! Tests with the real binaries. They show that the wires are connected and what holds across
//! processes; the rules themselves are tested beside the code.
