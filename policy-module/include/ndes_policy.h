/* ndes_policy.h - the interface between an NDES server and its policy module.
 *
 * Plain C11, no dependency. The verbs and their meanings follow Microsoft's INDESPolicy
 * (certpol.h: Initialize, Uninitialize, GenerateChallenge, VerifyRequest, Notify). One server
 * loads exactly one module and asks it about every request.
 *
 * A module is a shared library that exports one symbol, NDES_POLICY_ENTRY_POINT, of type
 * ndes_policy_entry_point. The host calls it once, checks the table's version and size, and then
 * calls the verbs.
 *
 * Results say whether the check could be made, HRESULT style (0 = yes); the verdict of
 * VerifyRequest is `verified`, apart from the result. Anything but result 0 together with
 * verified == 1 is a no.
 *
 * Memory: nobody frees what the other side allocated. What the host passes in lives until the call
 * returns, except ndes_policy_host, which lives until uninitialize has returned. What the module
 * hands out lives as each verb says.
 *
 * Text is UTF-8. A text or blob whose data is NULL while its length is not 0 is a broken promise,
 * and so is a text that is not UTF-8; the host makes an error of it, never a yes.
 *
 * Exceptions, longjmp and thread cancellation must not cross this line, in either direction.
 *
 * Sizes: who fills a structure sets its `size` to sizeof as it was compiled. Who reads it uses no
 * member that ends beyond that size.
 *
 * Growth: new members are added at the end of a structure or table only, new values of a result or
 * a disposition count as growth. A change of any other kind raises NDES_POLICY_ABI_MAJOR.
 *
 * History
 *   1.0  First version: five verbs, all structures.
 *   1.1  NDES_POLICY_E_REFUSED: notify's outcome will never be taken. A host of 1.0 sees an error
 *        like any other and repeats the call.
 */
#ifndef NDES_POLICY_H
#define NDES_POLICY_H

#include <stddef.h>
#include <stdint.h>

/* NOLINTBEGIN(modernize-use-using): C has no other way. */

#ifdef __cplusplus
extern "C" {
#endif

#define NDES_POLICY_ABI_MAJOR 1u
#define NDES_POLICY_ABI_MINOR 1u
#define NDES_POLICY_ENTRY_POINT "ndes_policy_get_table"

/* HRESULT-style result of a verb. Any other value with the top bit set is an error too. */
typedef int32_t ndes_policy_result;
#ifdef __cplusplus
#define NDES_POLICY_RESULT(bits) static_cast<ndes_policy_result>(bits)
#else
#define NDES_POLICY_RESULT(bits) ((ndes_policy_result)(bits))
#endif
#define NDES_POLICY_OK NDES_POLICY_RESULT(0)
#define NDES_POLICY_E_FAIL NDES_POLICY_RESULT(0x80004005u)         /* unspecified */
#define NDES_POLICY_E_INVALIDARG NDES_POLICY_RESULT(0x80070057u)   /* bad argument */
#define NDES_POLICY_E_ACCESSDENIED NDES_POLICY_RESULT(0x80070005u) /* we are refused */
#define NDES_POLICY_E_OUTOFMEMORY NDES_POLICY_RESULT(0x8007000Eu)
#define NDES_POLICY_E_UNEXPECTED NDES_POLICY_RESULT(0x8000FFFFu)       /* broken promise */
#define NDES_POLICY_E_TIMEOUT NDES_POLICY_RESULT(0x80072EE2u)          /* 12002 */
#define NDES_POLICY_E_CANNOT_CONNECT NDES_POLICY_RESULT(0x80072EFDu)   /* 12029 */
#define NDES_POLICY_E_CERT_DATE NDES_POLICY_RESULT(0x80072F05u)        /* 12037 */
#define NDES_POLICY_E_SECURE_FAILURE NDES_POLICY_RESULT(0x80072F8Fu)   /* 12175 */
#define NDES_POLICY_E_INVALID_RESPONSE NDES_POLICY_RESULT(0x80072F78u) /* 12152 */
#define NDES_POLICY_E_UNAVAILABLE NDES_POLICY_RESULT(0x801901F7u)      /* HTTP 503: not now */
#define NDES_POLICY_E_REFUSED NDES_POLICY_RESULT(0x80190199u) /* HTTP 409: never (since 1.1) */

/* UTF-8 text, not NUL-terminated; data may be NULL when length is 0. */
typedef struct ndes_policy_string {
    const char* data;
    size_t length;
} ndes_policy_string;

/* Octets; data NULL means "none". */
typedef struct ndes_policy_blob {
    const uint8_t* data;
    size_t length;
} ndes_policy_blob;

/* X509SCEPDisposition. */
typedef int32_t ndes_policy_disposition;
#define NDES_POLICY_DISPOSITION_UNKNOWN (-1)
#define NDES_POLICY_DISPOSITION_SUCCESS 0
#define NDES_POLICY_DISPOSITION_FAILURE 2
#define NDES_POLICY_DISPOSITION_PENDING 3
#define NDES_POLICY_DISPOSITION_PENDING_CHALLENGE 11

/* Severity of a log line; the values of CMTrace's "type". */
typedef int32_t ndes_policy_severity;
#define NDES_POLICY_LOG_INFO 1
#define NDES_POLICY_LOG_WARNING 2
#define NDES_POLICY_LOG_ERROR 3

/* What the host lends to the module. Lives until uninitialize has returned. */
typedef struct ndes_policy_host {
    size_t size;        /* sizeof(ndes_policy_host) as the host knows it */
    uint32_t abi_major; /* the host's version */
    uint32_t abi_minor;
    /* Writes one line to the host's log. Any thread, also the module's own, from initialize until
     * uninitialize has returned. file and line: the place in the module. transaction_id may be
     * empty. Never give it a challenge, a key or a request. */
    void (*log)(void* log_context, ndes_policy_severity severity, ndes_policy_string text,
                ndes_policy_string transaction_id, const char* file, int32_t line);
    void* log_context;
    /* The module's own settings: path of the file named by the host's configuration
     * (policy.module_config); may be empty. */
    ndes_policy_string config_path;
    ndes_policy_string ca_name; /* name of the issuing CA as the host knows it; may be empty */
} ndes_policy_host;

typedef struct ndes_policy_verify_input {
    size_t size;
    ndes_policy_blob certificate_request; /* PKCS#10, DER */
    ndes_policy_blob signing_certificate; /* renewal: the certificate that signed, DER; else none */
    ndes_policy_string template_name;
    ndes_policy_string transaction_id; /* of the SCEP message */
    ndes_policy_string request_id;     /* the host's name for this attempt; unique */
    ndes_policy_string ca_name;
    ndes_policy_string device_address; /* numeric; may be empty */
} ndes_policy_verify_input;

/* A subject alternative name; type is "upn", "email", "dns", "uri" or "ip". */
typedef struct ndes_policy_alt_name {
    ndes_policy_string type;
    ndes_policy_string value;
} ndes_policy_alt_name;

typedef struct ndes_policy_verify_output {
    size_t size;      /* set by the host before the call: what it has room for */
    int32_t verified; /* 1 = yes; everything else = no */
    /* A reason of the CRP's catalogue, or the module's own word; may be empty. For the log. */
    ndes_policy_string reason;
    ndes_policy_string detail;      /* for the operator; may be empty */
    ndes_policy_string decision_id; /* where the yes is recorded; may be empty */
    /* What the certificate shall say. has_contents 0: the module leaves it to the host, which
     * then takes subject and names from the request. */
    int32_t has_contents;
    ndes_policy_string subject; /* RFC 4514 text */
    const ndes_policy_alt_name* alt_names;
    size_t alt_name_count;
    uint32_t key_usage; /* bit n set = bit n of RFC 5280 section 4.2.1.3 (0 digitalSignature) */
    const ndes_policy_string* extended_key_usage; /* dotted OIDs */
    size_t extended_key_usage_count;
    int32_t validity_days;
} ndes_policy_verify_output;

typedef struct ndes_policy_notify_input {
    size_t size;
    ndes_policy_string challenge; /* empty for a renewal */
    ndes_policy_string transaction_id;
    ndes_policy_string request_id; /* that of the VerifyRequest it reports on */
    ndes_policy_disposition disposition;
    ndes_policy_result last_result; /* 0 on success */
    ndes_policy_blob certificate;   /* DER; only with disposition 0 */
} ndes_policy_notify_input;

typedef struct ndes_policy_table {
    uint32_t abi_major; /* must equal the host's */
    uint32_t abi_minor;
    size_t size;      /* sizeof(ndes_policy_table) as the module knows it */
    const char* name; /* for logs: name and version; NUL-terminated, lives for ever */

    /* Initialize. Since 1.0.
     * Makes what the other verbs need: reads settings and keys, checks them, logs what it found.
     * Calls    once for each context that the host needs: one, or one for each SCEP profile with
     *          settings of its own. Contexts know nothing of each other.
     * Threads  one, before any other verb of that context. The module starts no thread here that a
     *          fork would lose (the host may fork after it); start threads with the first call.
     * Owns     host: the host, until uninitialize has returned; the module may keep the pointer.
     *          *context: the module, until uninitialize; may be NULL, is never read by the host.
     * Returns  0: ready. Anything else: not; *context is ignored, uninitialize is not called, and
     *          the server does not start. Say why through host->log before returning.
     * Time     seconds; no connection needs to be made. */
    ndes_policy_result (*initialize)(const ndes_policy_host* host, void** context);

    /* Uninitialize. Since 1.0.
     * Ends what initialize made for this context.
     * Calls    once for each context whose initialize returned 0.
     * Threads  one, when no other call with this context is running or will come.
     * Owns     frees the context. After it has returned, host and its log must not be used, also
     *          not by threads of the module's own. The library itself is never unloaded. */
    void (*uninitialize)(void* context);

    /* GenerateChallenge. Since 1.0.
     * Makes a challenge to hand out for `template_name`; `params` is the module's own matter (what
     * an operator gives as Params of NDESGenerateChallenge). A module that has no challenges to
     * give returns NDES_POLICY_E_FAIL.
     * Threads  many at once.
     * Owns     template_name, params: the host, until the call returns. *challenge: the module,
     *          until this thread's next call into it; 1 to 8192 printable ASCII characters.
     * Returns  0 with *challenge set; else *challenge is ignored. A challenge never goes to a log.
     */
    ndes_policy_result (*generate_challenge)(void* context, ndes_policy_string template_name,
                                             ndes_policy_string params,
                                             ndes_policy_string* challenge);

    /* VerifyRequest. Since 1.0.
     * Judges one request. Must not consume the challenge (notify does): the same request may come
     * again, under the same transaction_id and another request_id.
     * Threads  many at once.
     * Owns     input: the host, until the call returns. output: the host; what its pointers point
     *          to: the module, until this thread's next call into it.
     * Returns  0: judged, output->verified is the verdict (exactly 1: yes; 0: no; the rest is a
     *          broken promise), output->reason says why. TIMEOUT, CANNOT_CONNECT, UNAVAILABLE,
     *          INVALID_RESPONSE, ACCESSDENIED, CERT_DATE, SECURE_FAILURE: could not be judged now,
     *          the device may ask again. Anything else: something is broken, or (REFUSED) the call
     *          is forbidden; the request fails.
     * Time     the host waits as long as it takes, one worker per call: set a limit of your own. */
    ndes_policy_result (*verify_request)(void* context, const ndes_policy_verify_input* input,
                                         ndes_policy_verify_output* output);

    /* Notify. Since 1.0.
     * Tells what became of a request that was verified: issued (with the certificate), failed,
     * pending. The host has it on disk before the device has its answer, and repeats a call that
     * failed, also after a restart: the same outcome may be told more than once, and must then be
     * taken as told already. Outcomes of one transaction come one after the other, in order.
     * Threads  many at once, for different transactions.
     * Owns     input: the host, until the call returns.
     * Returns  0: taken for good; it is not told again. REFUSED (since 1.1), INVALIDARG: it will
     *          never be taken; the host puts it on a list for an operator and goes on. The results
     *          that let a device ask again (see verify_request): told again for as long as it
     *          takes, with growing pauses. Anything else: told again some times, then as REFUSED.
     */
    ndes_policy_result (*notify)(void* context, const ndes_policy_notify_input* input);
} ndes_policy_table;

/* The exported symbol. Returns a table that lives for ever, or NULL if the module cannot speak
 * `host_abi_major`. */
typedef const ndes_policy_table* (*ndes_policy_entry_point)(uint32_t host_abi_major,
                                                            uint32_t host_abi_minor);

#ifdef __cplusplus
}
#endif

/* NOLINTEND(modernize-use-using) */

#endif /* NDES_POLICY_H */
