//! Requests as openssl writes them, of which only one kind is taken. The keys were thrown away.

use data_encoding::BASE64;

use super::*;

/// RSA, 1024 bits, signed with SHA-256.
const RSA_1024: &str = "\
    MIIBTTCBtwIBADAOMQwwCgYDVQQDDAN2aHMwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBALQEoz0eu/IE7Smy\
    qDkOC/l+MbtTSJ/tEWsx9NrAiQwl7gA7V9DO6+jqnXaA/k6sH4Xum/Te5+luwSMg/jUiQJrMK3jD9dVYzqgI+8W2\
    m9GD0UvwJ0OU8CmXetCdYKEW99EsiTD97mxlDf52ZpiLUO34OrJgDWVKCLEeqULayq7dAgMBAAGgADANBgkqhkiG\
    9w0BAQsFAAOBgQB3BBfmOCPbtEHGmYkSvY6ytF2F3Lj6to04+K0kwE8hoeJgaY3sv7rv7nvYzgYH42MZQeF5pSHb\
    Mrp1T9uGZi/ej4rmvbp4RTksUU+7b8RTSTXuQfuuVbgJLxcLymjYB/xOGfAk6p02/NFnP8LtUlbUjnMEpaHTGAwU\
    Byo2o0Ateg==";

/// ECDSA on P-224, too short.
const P_224: &str = "\
    MIG2MGUCAQAwDjEMMAoGA1UEAwwDdmhzME4wEAYHKoZIzj0CAQYFK4EEACEDOgAEaimr2ZCE6KEFuAmAjmUf1/AE\
    gql5fEQ+Nw4/MZCiJ2OEib0y5DPIjxi0f/vlLOjytgo+VZ3vxHWgADAKBggqhkjOPQQDAgNBADA+Ah0Ati+KV9EG\
    LnD+GFwroSBm0Q2AFlwz005N0miyDAIdAIvIxIdNrDouJpwFTxtu4m5HO9PxwSPVVq8nUOw=";

/// ECDSA on secp256k1, as long as ours and another curve.
const SECP256K1: &str = "\
    MIHFMG0CAQAwDjEMMAoGA1UEAwwDdmhzMFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEztpbIKNdVfj2fmjLetDwt/U9\
    6eWZeCOKJSFz8ktWOi6JNl8Xhrmo44Yy1vjaxJWDM4YmuE7QwedAt7YeURiIcaAAMAoGCCqGSM49BAMCA0gAMEUC\
    IQDWYFMnfAD/PXA5TxD4zsOPobB+9Coj5DhpNZsAGdDThAIgPufLSjBw+WIljL0wH6oM9J2BT62JJwbOZ/hhByja\
    gss=";

/// ECDSA on P-256 as ours, signed with SHA-1.
const P_256_SHA_1: &str = "\
    MIHHMHACAQAwDjEMMAoGA1UEAwwDdmhzMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEe82FaWXIptJBse6W7MqM\
    KzBMeKhw/eoL8+a7BbHFk+uv/6QVKC7snJmyBtu67j6DeEqb99m2enBeh/UeVIJiXqAAMAkGByqGSM49BAEDSAAw\
    RQIgfDWwgpqYvc2QNTnAWHUJEFls2LqX6wGDI2YaLyqdL40CIQD6iMgB3IYeL0Im9p8bsgVf4tsfogZR4+C1mg/g\
    n38Jpg==";

/// ECDSA on P-256 with SHA-256, as ours.
const P_256: &str = "\
    MIHHMHACAQAwDjEMMAoGA1UEAwwDdmhzMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEe82FaWXIptJBse6W7MqM\
    KzBMeKhw/eoL8+a7BbHFk+uv/6QVKC7snJmyBtu67j6DeEqb99m2enBeh/UeVIJiXqAAMAoGCCqGSM49BAMCA0cA\
    MEQCIHqQzhQv/5mfJBfu/+XK+m64MPNmvY4sSgtYksdcOPj9AiB45R9qtM2c8/i/egtW8ojSRqsSTPfcdJqROzgw\
    Bt1sfA==";

fn taken(text: &str) -> Result<RequestedKey, RequestError> {
    let der = BASE64.decode(text.as_bytes()).unwrap();
    RequestedKey::from_csr(&der, &Peer::Provider("vhs".parse().unwrap()))
}

#[test]
fn weak_and_foreign_keys_and_signatures_are_refused() {
    assert!(
        taken(P_256).is_ok(),
        "the harness itself takes what is good"
    );
    for text in [RSA_1024, P_224, SECP256K1, P_256_SHA_1] {
        assert_eq!(taken(text), Err(RequestError::Algorithm));
    }
}

#[test]
fn inv2_a_request_whose_key_was_exchanged_is_refused() {
    // The signature is another request's, valid in itself: whoever asks does not hold the key.
    let one = NodeKey::generate().unwrap();
    let two = NodeKey::generate().unwrap();
    let id = "vhs".parse().unwrap();
    let (mut der, other) = (one.csr_der(&id).unwrap(), two.csr_der(&id).unwrap());
    let raw = |key: &NodeKey| rcgen::PublicKeyData::der_bytes(&key.0).to_vec();
    let (own, foreign) = (raw(&one), raw(&two));
    let place = der
        .windows(own.len())
        .position(|window| window == own)
        .unwrap();
    der[place..place + own.len()].copy_from_slice(&foreign);
    let peer = Peer::Provider(id);
    assert_eq!(
        RequestedKey::from_csr(&der, &peer),
        Err(RequestError::Signature)
    );
    assert!(RequestedKey::from_csr(&other, &peer).is_ok());
}
