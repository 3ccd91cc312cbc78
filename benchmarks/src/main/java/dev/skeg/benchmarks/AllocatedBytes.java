package dev.skeg.benchmarks;

import com.sun.management.ThreadMXBean;
import com.sun.tools.attach.VirtualMachine;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import javax.management.MBeanServerConnection;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/**
 * How much has another JVM of this machine allocated on its heap? {@code AllocatedBytes PID} prints
 * the bytes that all its threads, those that have ended too, have allocated since its start; once
 * for each line on standard input, until that ends. Asking allocates some itself, the same each
 * time.
 */
final class AllocatedBytes {
  private AllocatedBytes() {}

  @SuppressWarnings("BanJNDI") // The address is a local JVM's own.
  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 1) {
      System.err.println("usage: AllocatedBytes PID");
      System.exit(2);
    }
    VirtualMachine machine = VirtualMachine.attach(arguments[0]);
    JMXServiceURL address = new JMXServiceURL(machine.startLocalManagementAgent());
    machine.detach();
    try (JMXConnector connector = JMXConnectorFactory.connect(address)) {
      MBeanServerConnection connection = connector.getMBeanServerConnection();
      ThreadMXBean threads =
          ManagementFactory.newPlatformMXBeanProxy(
              connection, ManagementFactory.THREAD_MXBEAN_NAME, ThreadMXBean.class);
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      while (lines.readLine() != null) {
        System.out.println(threads.getTotalThreadAllocatedBytes());
      }
    }
  }
}
