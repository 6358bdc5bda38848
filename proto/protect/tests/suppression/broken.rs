//! Each rule taken away, and the attacker wins; so the rule is what stops him.
