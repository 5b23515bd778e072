import java.net.URI;
import java.net.http.*;
import java.security.*;
import java.security.spec.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.regex.Pattern;

/** Exits with 0 if AWS Marketplace has signed that the product may run here; see docs/guides/proof.md. */
class CheckProof {
  static final String PUBLIC_KEY = """
-----BEGIN PUBLIC KEY-----
put the public key of your product here
-----END PUBLIC KEY-----""";
  static final String PUBLIC_KEY_VERSION = "1", PRODUCT_CODE = "your-product-code";
  static final String PROOF = "http://localhost:7070/v1/entitlement/proof?nonce=";
  static final int PATIENCE_SECONDS = 60;

  static void require(boolean holds, String reason) {
    if (holds) return;
    System.err.println("proof refused: " + reason.replaceAll("\\s+", " "));
    System.exit(1);
  }

  /** Returns a member of an object; AWS may spell its claims with a capital letter or without. */
  static String member(String name, byte[] json) {
    var pattern = "\"(?i:" + name + ")\"\\s*:\\s*\"?([^\"\\s,}]*)";
    var found = Pattern.compile(pattern).matcher(new String(json));
    return found.find() ? found.group(1) : "";
  }

  public static void main(String[] arguments) throws Exception {
    Thread.currentThread().setUncaughtExceptionHandler((thread, e) -> require(false, e.toString()));
    Runnable tooLate = () -> require(false, "no proof in " + PATIENCE_SECONDS + " s");
    CompletableFuture.delayedExecutor(PATIENCE_SECONDS, TimeUnit.SECONDS).execute(tooLate);
    var der = Base64.getMimeDecoder().decode(PUBLIC_KEY.replaceAll("-----[A-Z ]+-----", ""));
    var verifier = Signature.getInstance("RSASSA-PSS");
    verifier.setParameter(new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
    verifier.initVerify(KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(der)));
    var nonce = UUID.randomUUID().toString();
    var query = HttpRequest.newBuilder(URI.create(PROOF + nonce)).build();
    var answer = HttpClient.newHttpClient().send(query, HttpResponse.BodyHandlers.ofInputStream());
    while (answer.statusCode() == 429 || answer.statusCode() == 503) {
      var seconds = answer.headers().firstValue("Retry-After").filter(s -> s.matches("\\d{1,5}"));
      Thread.sleep(Integer.parseInt(seconds.orElse("5")) * 1000L);
      answer = HttpClient.newHttpClient().send(query, HttpResponse.BodyHandlers.ofInputStream());
    }
    require(answer.statusCode() == 200, "the sidecar answered " + answer.statusCode());
    var parts = member("token", answer.body().readNBytes(65536)).split("\\.", 3);
    var base64 = Base64.getUrlDecoder();
    require(member("alg", base64.decode(parts[0])).equals("PS256"), "no PS256 token in the answer");
    verifier.update((parts[0] + "." + parts[1]).getBytes());
    require(verifier.verify(base64.decode(parts[2])), "the token is not signed by AWS");
    var claims = base64.decode(parts[1]);
    Map.of("nonce", nonce, "productCode", PRODUCT_CODE, "publicKeyVersion", PUBLIC_KEY_VERSION)
        .forEach((name, value) -> require(value.equals(member(name, claims)), "another " + name));
    System.out.println("proof holds: AWS Marketplace has signed for " + PRODUCT_CODE);
  }
}
