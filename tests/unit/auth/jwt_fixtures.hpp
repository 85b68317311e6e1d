#pragma once

#include <string_view>

/// Tokens and keys made with openssl(1); the private keys are gone. All tokens say that their
/// bearer is "ann" until the year 2100, unless their name tells what is special.

namespace godwit::auth::test {

inline constexpr std::string_view shared_secret = "a shared secret of at least 32 bytes";
inline constexpr std::string_view token_hs256 =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4iLCJleHAiOjQxMDI0NDQ4MDB9.3hBB4BpON7Ov"
    "aFs0SZbZAFMWPS0yVeegJMDOKgu9P2M";
inline constexpr std::string_view token_rs256 =
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4iLCJleHAiOjQxMDI0NDQ4MDB9.ibUpjh4zpuMt"
    "brU3jixfPNCFF0ZDnCXA0EYrYA36kA9-EotnIf9BPJXTrvg072WCuZ9YoizslHbUXm4cYk14-P_7fTbpnOmg7o1kC2"
    "Lv02DSytqYX3HhuZTiNRoO8BVJBzdV7d-xZy9yVyjnCwVIp2dvrV3PTI3BjYUxYKFdXvgwBDGI0KyFqzVX4NaNrpp6"
    "uf8t2CRDSIOjhYPwWtuvbJz0uB2SBgkDCUUCv5bL1eIPHkZYrT4sZIQRC5Mj6jrIAAhQ9b2P-T675vBwK7vvcadmzS"
    "q_cO2w0w56cCkvXUwPdd8WlulwYnl8Nsfc2qmgxzKaKvFUO0JCI7zHq80Qsw";
inline constexpr std::string_view token_es256 =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4iLCJleHAiOjQxMDI0NDQ4MDB9.fopMNUziLx-X"
    "lxMCb39VZyH4LQJWehhfYw5diJ9U1lQD0NFdEdwNiVQyK4lCC9jEWPENBPDwak0Eq_qOxu-wdw";
inline constexpr std::string_view token_eddsa =
    "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4iLCJleHAiOjQxMDI0NDQ4MDB9.z_J0idVik5ph"
    "GrSigvOoRLjRfUsfBwKwoVoEUdVd_i86mCq4NMdxVWjVpH7P8AdMv4ndAlFAdIYcTdrva9B0Dw";
inline constexpr std::string_view token_hs256_with_rsa_key =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4iLCJleHAiOjQxMDI0NDQ4MDB9.RfzaIlBGGZI0"
    "UPQ2IAkGhNh5U6Dg3dbBhYSL531oWZg";
inline constexpr std::string_view token_alg_none =
    "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhbm4iLCJleHAiOjQxMDI0NDQ4MDB9.";
inline constexpr std::string_view token_with_all_claims =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJpc3N1ZXIiLCJhdWQiOlsieCIsImdvZHdpdCJdLCJzd"
    "WIiOiJhbm4iLCJjbGllbnQiOiJwaG9uZSIsImdyb3VwcyI6WyJhZG1pbnMiLCJzdGFmZiJdLCJhY2wiOnsicHVibGl"
    "zaCI6WyJkLyV1LyMiXSwic3ViIjpbImQvIyJdfSwiZXhwIjo0MTAyNDQ0ODAwLCJuYmYiOjEwMDB9.mgc_AOIMOGp4"
    "1nacXoSi_sRJtkr7lNmHM2awjUr-68o";
inline constexpr std::string_view token_without_exp =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4ifQ.T8NTkuVzsGX19q3G_FvXAuItxE5KDGjFLd"
    "3Lx-BC7Ac";
inline constexpr std::string_view token_until_1000_s =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4iLCJleHAiOjEwMDB9.u9_J6xZv7nlxOIqqqqh0"
    "a5C8ZekhD891fQAgKtDmDXg";
inline constexpr std::string_view token_from_2000_s =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4iLCJleHAiOjQxMDI0NDQ4MDAsIm5iZiI6MjAwM"
    "H0.p36Bo33lkhE4Yfj595KuwlTL2fRlUKPts78HqLT08_0";
inline constexpr std::string_view token_without_sub =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjQxMDI0NDQ4MDB9.NT1bY4CT222uvGl7mq9UwYeeSRZh"
    "hJhrzqcLAjTwBlU";
inline constexpr std::string_view token_sub_is_number =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOjUsImV4cCI6NDEwMjQ0NDgwMH0.nHl7n_UrkYX3vFwjC"
    "6XFJCeQ6DMkKdjS02KV_27H3HQ";
inline constexpr std::string_view token_sub_has_control =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhXG5iIiwiZXhwIjo0MTAyNDQ0ODAwfQ.1z67O7Tu2j"
    "KId_r2li3yU7jlzaNzZFsUmmg6uBffgqE";
inline constexpr std::string_view token_exp_is_text =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4iLCJleHAiOiI0MTAyNDQ0ODAwIn0.uc_x92UXH"
    "v3Y8jxYn69F-kZhNPwuWAfqjInDqBrBMPM";
inline constexpr std::string_view token_exp_is_huge =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4iLCJleHAiOjFlKzMwMH0.HPTHI_SQY0-kJd4ew"
    "y0_g-pNOq3W2ZoiVBDDg71Ja7M";
inline constexpr std::string_view token_with_wrong_acl =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4iLCJleHAiOjQxMDI0NDQ4MDAsImFjbCI6eyJwd"
    "WJsaXNoIjpbImEvIy9iIl19fQ.kxcqukFCGVzG1OJ7ed4RYBj3-HR69Bq9BXw_LsGKKMM";
inline constexpr std::string_view token_with_crit =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImNyaXQiOlsieCJdLCJ4IjoxfQ.eyJzdWIiOiJhbm4iLCJleHAiOjQ"
    "xMDI0NDQ4MDB9.C_jyy7uvpRuo3zi4kEcmzYxIrNZvXLh-Gv7t5v3lnJ0";
inline constexpr std::string_view token_of_key_k1 =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImsxIn0.eyJzdWIiOiJhbm4iLCJleHAiOjQxMDI0NDQ4MD"
    "B9.oJDNpMVhOGLBCuC4lukcJq18mKseQULNZ8cZPOruDxo";
inline constexpr std::string_view token_hs512 =
    "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm4iLCJleHAiOjQxMDI0NDQ4MDB9.bkY-aC-jQIMw"
    "S8C3m6PSvuoIoT9mXN0vA5fcBpC3pOA";
inline constexpr std::string_view rsa_public =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwzHMQOtsD7hqWnxI9JoM\n"
    "3bceWpluM8IQBzIF9IxSSgrM9LouBqV55aWebgfT3ggDpZOezXXYTBbI9B3xoBhp\n"
    "HZhqVx9beryPqQEbtTiKJMkeQSYvbILCbjKdIPvlrcVPkIl+e90c1p+7wlU4SR2y\n"
    "L4XfjsNXaeC+Wt6J0br9KnwLeu44EaqfmRNCOVDo0MxPKBSgnBUafD8V2z5kPq2h\n"
    "ms834PrmSk+7TWY3zmWUOyFiNto5T2kgMQNmia57zEqX/OCRQgDxfyUSSVUjDiSr\n"
    "xYoZdH7Y+pAEO9Nm0ripHyhF8nC99ZwXFDlDgz1oK1n0Cgqb87T58/jcujQ+QbLK\n"
    "BwIDAQAB\n"
    "-----END PUBLIC KEY-----\n";
inline constexpr std::string_view p256_public =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEjJ/dvPDD5It+tnxm6cqM4DAXka9o\n"
    "KA4EIhstw8MD/Cc9N0CztkKawu9KpRnhmtsbOsZCAMCbQtSs5KYuenObtg==\n"
    "-----END PUBLIC KEY-----\n";
inline constexpr std::string_view ed25519_public =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAa+n9R7iwjcOxzmGDl0cK4bzYZ9uO2uecrm9s2Bnft8k=\n"
    "-----END PUBLIC KEY-----\n";
inline constexpr std::string_view rsa_1024_public =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC2YzO1HsNXzwKEUkTpxhpv7eLq\n"
    "7tnulTMo2oAJbh/hFcLtVVbtlAGXOoVydmxrwwZH2JoKqGs2QJyvIykRevVITSr1\n"
    "5bPFwNKlc/xU72eluoeLMkpUQ9f+1JdD3iAb4ajEgJBCQhy5UyX7kiSRvI+hB4Sh\n"
    "MxH6Kzbommj/BKCDYQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";
inline constexpr std::string_view key_set =
    "{\"keys\":[{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"r\",\"n"
    "\":\"wzHMQOtsD7hqWnxI9JoM3bceWpluM8IQBzIF9IxSSgrM9LouBqV55aWeb"
    "gfT3ggDpZOezXXYTBbI9B3xoBhpHZhqVx9beryPqQEbtTiKJMkeQSYvbILCb"
    "jKdIPvlrcVPkIl-e90c1p-7wlU4SR2yL4XfjsNXaeC-Wt6J0br9KnwLeu44E"
    "aqfmRNCOVDo0MxPKBSgnBUafD8V2z5kPq2hms834PrmSk-7TWY3zmWUOyFiN"
    "to5T2kgMQNmia57zEqX_OCRQgDxfyUSSVUjDiSrxYoZdH7Y-pAEO9Nm0ripH"
    "yhF8nC99ZwXFDlDgz1oK1n0Cgqb87T58_jcujQ-QbLKBw\",\"e\":\"AQAB\"},{"
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"e\",\"x\":\"jJ_dvPDD5It-tnxm6cqM"
    "4DAXka9oKA4EIhstw8MD_Cc\",\"y\":\"PTdAs7ZCmsLvSqUZ4ZrbGzrGQgDAm0"
    "LUrOSmLnpzm7Y\"},{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"a-n9R7iwjc"
    "OxzmGDl0cK4bzYZ9uO2uecrm9s2Bnft8k\"},{\"kty\":\"oct\",\"kid\":\"k1\","
    "\"k\":\"YSBzaGFyZWQgc2VjcmV0IG9mIGF0IGxlYXN0IDMyIGJ5dGVz\"},{\"kt"
    "y\":\"RSA\",\"use\":\"enc\",\"n\":\"AQ\",\"e\":\"AQ\"},{\"kty\":\"EC\",\"crv\":\"P"
    "-521\",\"x\":\"AQ\",\"y\":\"AQ\"}]}";

}  // namespace godwit::auth::test
