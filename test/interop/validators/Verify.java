import java.io.FileInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** Judges the paths of a list as the trust manager of Java's TLS does, each line by itself; hosts are not compared. */
final class Verify {
    public static void main(String[] arguments) throws Exception {
        for (String line : Files.readAllLines(Path.of(arguments[0]))) {
            System.out.println(judge(line.split("\t", -1)));
        }
    }

    private static String judge(String[] task) {
        try {
            X509TrustManager manager = managerFor(read(task[1]));
            X509Certificate[] chain = {read(task[3]), read(task[2])};
            if (task[0].equals("server")) manager.checkServerTrusted(chain, "UNKNOWN");
            else manager.checkClientTrusted(chain, "UNKNOWN");
            return "ok";
        } catch (Exception problem) {
            Throwable cause = problem;
            while (cause.getCause() != null) cause = cause.getCause();
            return "refused " + cause;
        }
    }

    private static X509Certificate read(String path) throws Exception {
        try (InputStream file = new FileInputStream(path)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(file);
        }
    }

    private static X509TrustManager managerFor(X509Certificate root) throws Exception {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        trusted.setCertificateEntry("root", root);
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(trusted);
        return (X509TrustManager) factory.getTrustManagers()[0];
    }
}
